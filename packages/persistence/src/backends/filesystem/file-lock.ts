/**
 * A lock between the processes of one machine: a file that only one can create.
 *
 * Phases: in this process, wait for whoever asked before; create the lock file exclusively, holding
 * an identity that never repeats; work; remove it. A lock whose owner is dead is broken.
 * Invariants:
 *   1. A lock is removed by its owner, or, after its owner's death, by whoever holds the claim to
 *      break exactly this identity: a second file that only one can create. So nobody removes a
 *      lock that another waiter has taken meanwhile.
 *   2. An owner is dead when its process is: judged by process id and start time, so that a reused
 *      id does not keep a lock alive, and never by age, so that a process that was merely stopped
 *      for a while never finds a second owner beside it.
 * An owner that cannot be judged (another machine, another container) counts as alive: then the
 * waiters give up with the name of the file to remove.
 */
import { randomUUID } from 'node:crypto'
import { link, readFile, unlink, writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@heirloom/errors'
import { hasErrorCode } from './errors.js'
import { isDead, thisProcess } from './process-identity.js'

export interface FileLockTiming {
  readonly lockTimeoutMs?: number
  readonly random?: () => number
}

/** Runs `work` alone, among everybody who uses the same path. @throws AppError TIMEOUT */
export type FileLock = <T>(path: string, work: () => Promise<T>) => Promise<T>

const maxPauseMs = 25

/** One queue per path for the whole process: the file is for the other processes. */
const queues = new Map<string, Promise<unknown>>()

export function createFileLock(timing: FileLockTiming = {}): FileLock {
  const { lockTimeoutMs = 10_000, random = Math.random } = timing

  async function alone<T>(path: string, work: () => Promise<T>): Promise<T> {
    const identity = await acquire(path)
    try {
      return await work()
    } finally {
      await unlink(path).catch((error: unknown) => {
        // Somebody followed the advice of our own timeout message; there is nothing left to do.
        if (!hasErrorCode(error, 'ENOENT'))
          throw new Error(`lock ${identity} stays`, { cause: error })
      })
    }
  }

  async function acquire(path: string): Promise<string> {
    const identity = JSON.stringify({ id: randomUUID(), ...(await thisProcess()) })
    const endAt = performance.now() + lockTimeoutMs
    for (;;) {
      if (await createWhole(path, identity)) return identity
      if (await breakIfDead(path)) continue
      if (performance.now() > endAt) {
        throw new AppError('TIMEOUT', 'another process keeps this partition locked', {
          details: { lock_file: path.split('/').at(-1) },
        })
      }
      await delay(random() * maxPauseMs)
    }
  }

  return (path, work) => {
    const before = queues.get(path) ?? Promise.resolve()
    const mine = before.then(
      () => alone(path, work),
      () => alone(path, work),
    )
    queues.set(path, mine)
    const forget = (): void => {
      if (queues.get(path) === mine) queues.delete(path)
    }
    mine.then(forget, forget)
    return mine
  }
}

/** A file that appears with its content in it: nobody ever reads half an identity. */
async function createWhole(path: string, content: string): Promise<boolean> {
  const draft = `${path}.${randomUUID()}`
  await writeFile(draft, content)
  try {
    await link(draft, path)
    return true
  } catch (error) {
    if (hasErrorCode(error, 'EEXIST')) return false
    throw error
  } finally {
    await unlink(draft)
  }
}

/** True when the lock may be free now. */
async function breakIfDead(path: string): Promise<boolean> {
  const owner = await readIfThere(path)
  if (owner === null) return true
  if (!(await isDead(owner))) return false
  const claim = `${path}.break-${idOf(owner)}`
  // A claimant that died is replaced in the same way: its claim is a lock like any other.
  if (!(await createWhole(claim, JSON.stringify({ id: randomUUID(), ...(await thisProcess()) })))) {
    return breakIfDead(claim)
  }
  if ((await readIfThere(path)) === owner) await unlink(path)
  await unlink(claim)
  return true
}

function idOf(identity: string): string {
  return /"id":"([0-9a-f-]{36})"/.exec(identity)?.[1] ?? 'unknown'
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return null
    throw error
  }
}
