import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

const pollIntervalMs = 20

/** True while a process runs, whoever owns it; a dead child that nobody waits for is not alive. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false
  }
  return statFields(pid)?.[0] !== 'Z'
}

/** Tells a process from a later one that was given the same pid; undefined when there is none. */
export function startTime(pid: number): string | undefined {
  // proc(5): field 22 is the start time in clock ticks since boot.
  return statFields(pid)?.[19] ?? ps(pid, 'lstart=')
}

export function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return ps(pid, 'command=') ?? ''
  }
}

/** Resolves to whether the process had ended when the time was up. */
export async function hasEnded(pid: number, timeoutMs: number): Promise<boolean> {
  for (let waited = 0; waited < timeoutMs; waited += pollIntervalMs) {
    if (!isAlive(pid)) return true
    await delay(pollIntervalMs)
  }
  return !isAlive(pid)
}

/** Fields 3 and following of /proc/pid/stat: the second, a name, may hold anything. */
function statFields(pid: number): readonly string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}

function ps(pid: number, column: string): string | undefined {
  try {
    const args = ['-ww', '-o', column, '-p', String(pid)]
    const stdio: ['ignore', 'pipe', 'ignore'] = ['ignore', 'pipe', 'ignore']
    return execFileSync('ps', args, { encoding: 'utf8', stdio }).trim()
  } catch {
    return undefined
  }
}
