import { randomUUID } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { link, readFile, rm, writeFile } from 'node:fs/promises'
import { AppError } from '@heirloom/errors'
import { isAlive, startTime } from './process-info.js'

export interface ProcessLock {
  release(): void
}

interface Holder {
  readonly pid: number
  /** Tells a living holder from another process that was given the same pid. */
  readonly startedAt: string
  /** Tells one acquisition of a process from its next. */
  readonly id: string
}

/**
 * A file that names the process which owns a folder. A holder that died, however it died, holds
 * nothing: its pid is gone, or belongs to a process with another start time.
 * @throws AppError CONFLICT that names the living holder
 */
export async function acquireLock(path: string, what: string): Promise<ProcessLock> {
  const mine: Holder = {
    pid: process.pid,
    startedAt: startTime(process.pid) ?? '',
    id: randomUUID(),
  }
  // Linked into place whole: nobody ever reads half a lock.
  const draft = `${path}.${mine.id}`
  await writeFile(draft, JSON.stringify(mine))
  try {
    while (!(await placed(draft, path))) {
      const holder = readHolder(await readFile(path, 'utf8').catch(() => ''))
      if (
        holder !== undefined &&
        isAlive(holder.pid) &&
        startTime(holder.pid) === holder.startedAt
      ) {
        throw new AppError('CONFLICT', `${what} is in use by the running process ${holder.pid}`, {
          details: { pid: holder.pid },
        })
      }
      await rm(path, { force: true })
    }
  } finally {
    await rm(draft, { force: true })
  }
  return {
    release: () => {
      if (holds(path, mine.id)) rmSync(path, { force: true })
    },
  }
}

async function placed(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

function readHolder(text: string): Holder | undefined {
  try {
    return JSON.parse(text) as Holder
  } catch {
    return undefined
  }
}

function holds(path: string, id: string): boolean {
  try {
    return readHolder(readFileSync(path, 'utf8'))?.id === id
  } catch {
    return false
  }
}
