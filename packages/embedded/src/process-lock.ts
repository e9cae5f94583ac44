import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { AppError } from '@heirloom/errors'

export interface ProcessLock {
  release(): void
}

interface Holder {
  readonly pid: number
  /** Tells a living holder from another process that was given the same pid. */
  readonly startedAt: string
}

/**
 * A file that names the process which owns a folder. A holder that died, however it died, holds
 * nothing: its pid is gone, or belongs to a process with another start time.
 * @throws AppError CONFLICT that names the living holder
 */
export async function acquireLock(path: string, what: string): Promise<ProcessLock> {
  const mine: Holder = { pid: process.pid, startedAt: startTime(process.pid) ?? '' }
  for (;;) {
    try {
      await writeFile(path, JSON.stringify(mine), { flag: 'wx', mode: 0o644 })
      break
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
    const holder = await readHolder(path)
    if (holder !== undefined && isAlive(holder.pid) && startTime(holder.pid) === holder.startedAt) {
      throw new AppError('CONFLICT', `${what} is in use by the running process ${holder.pid}`, {
        details: { pid: holder.pid },
      })
    }
    rmSync(path, { force: true })
  }
  return {
    release: () => {
      if (holds(path, mine)) rmSync(path, { force: true })
    },
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
  return !isZombie(pid)
}

// A dead child that nobody waits for still answers to signal 0.
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z')
  } catch {
    return false
  }
}

function startTime(pid: number): string | undefined {
  try {
    // proc(5): field 22 is the start time in clock ticks since boot; fields 3… follow the ")".
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return startTimeByPs(pid)
  }
}

function startTimeByPs(pid: number): string | undefined {
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim()
  } catch {
    return undefined
  }
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder
  } catch {
    return undefined
  }
}

function holds(path: string, mine: Holder): boolean {
  try {
    const holder = JSON.parse(readFileSync(path, 'utf8')) as Holder
    return holder.pid === mine.pid && holder.startedAt === mine.startedAt
  } catch {
    return false
  }
}
