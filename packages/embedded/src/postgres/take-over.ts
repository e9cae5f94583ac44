import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '@heirloom/errors'
import { commandLine, hasEnded, isAlive } from '../process-info.js'

const stopMs = 8_000

/**
 * A Node process that is killed cannot stop its server, which lives on and holds the data
 * folder. Stops such a server, and removes the pid file that a crashed one left behind.
 * Call it only while holding the folder's lock: then no living owner is robbed of its server.
 */
export async function stopOrphan(cluster: string): Promise<'none' | 'stale' | 'stopped'> {
  const pidFile = join(cluster, 'postmaster.pid')
  const pid = Number((await readFile(pidFile, 'utf8').catch(() => '')).split('\n')[0])
  if (!Number.isSafeInteger(pid) || pid <= 0) return 'none'
  // Pids are reused: only a process whose command line names this very folder is ours to end.
  if (!isAlive(pid) || !commandLine(pid).includes(cluster)) {
    await rm(pidFile, { force: true })
    return 'stale'
  }
  // Fast shutdown first; immediate shutdown when a client hangs on (postgres(1), "Signals").
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    signalServer(pid, signal)
    if (await hasEnded(pid, stopMs)) {
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
