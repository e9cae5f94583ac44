import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@heirloom/errors'
import { failedWrites } from '../ports/conflict.js'
import type { RecordTable, Write } from '../ports/record-table.js'

export interface StoreOptions {
  /** Milliseconds since 1970. */
  readonly now?: () => number
  /** Between 0 and 1; spreads the retries of contending writers. */
  readonly random?: () => number
}

const maxAttempts = 60
const maxBackoffMs = 100

/** Whether it was written; false when an expectation failed. */
export async function tryTransact(
  table: RecordTable,
  pk: string,
  writes: readonly Write[],
): Promise<boolean> {
  try {
    await table.transact(pk, writes)
    return true
  } catch (error) {
    if (failedWrites(error) === null) throw error
    return false
  }
}

/**
 * Attempts until one is not beaten by another writer; an attempt that was resolves to null. Each
 * reads anew, so of contending writers one always wins ("optimistic concurrency control").
 * @throws AppError TIMEOUT, and what an attempt throws
 */
export async function untilWritten<T>(
  what: string,
  random: (() => number) | undefined,
  attempt: () => Promise<T | null>,
): Promise<T> {
  for (let n = 0; n < maxAttempts; n += 1) {
    const result = await attempt()
    if (result !== null) return result
    await delay((random ?? Math.random)() * Math.min(maxBackoffMs, 2 ** n))
  }
  throw new AppError('TIMEOUT', `too many writers change ${what} at once; try again`)
}
