import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@heirloom/errors'
import { isAlive } from '../process-lock.js'

const fastStopMs = 8_000
const pollIntervalMs = 20

/**
 * A Node process that is killed cannot stop its server, which lives on and holds the data
 * folder. Stops such a server, and removes the pid file that a crashed one left behind.
 * Call it only while holding the folder's lock: then no living owner is robbed of its server.
 */
export async function stopOrphan(cluster: string): Promise<'none' | 'stale' | 'stopped'> {
  const pidFile = join(cluster, 'postmaster.pid')
  const pid = Number((await readFile(pidFile, 'utf8').catch(() => '')).split('\n')[0])
  if (!Number.isSafeInteger(pid) || pid <= 0) return 'none'
  if (!isServerOf(pid, cluster)) {
    await rm(pidFile, { force: true })
    return 'stale'
  }
  // Fast shutdown first; immediate shutdown when a client hangs on (postgres(1), "Signals").
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    signalServer(pid, signal)
    if (await ended(pid, fastStopMs)) {
      await rm(pidFile, { force: true })
      return 'stopped'
    }
  }
  throw new AppError(
    'BACKEND_UNAVAILABLE',
    `a PostgreSQL of an earlier start (process ${pid}) does not stop: end it with "kill -9 ${pid}" and start again`,
  )
}

function signalServer(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (cause) {
    if (!isAlive(pid)) return
    throw new AppError(
      'BACKEND_UNAVAILABLE',
      `a PostgreSQL of an earlier start (process ${pid}) belongs to another user: stop it as that user`,
      { cause },
    )
  }
}

// Pids are reused: only a process whose command line names this very folder is ours to end.
function isServerOf(pid: number, cluster: string): boolean {
  return isAlive(pid) && commandLine(pid).includes(cluster)
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return commandLineByPs(pid)
  }
}

function commandLineByPs(pid: number): string {
  try {
    return execFileSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' })
  } catch {
    return ''
  }
}

async function ended(pid: number, timeoutMs: number): Promise<boolean> {
  for (let waited = 0; waited < timeoutMs; waited += pollIntervalMs) {
    if (!isAlive(pid)) return true
    await delay(pollIntervalMs)
  }
  return false
}
