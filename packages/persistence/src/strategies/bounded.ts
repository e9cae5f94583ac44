import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@heirloom/errors'

/**
 * The outcome of `work`, or TIMEOUT when it takes too long. The work itself goes on: whoever uses
 * this must not mind when it still happens.
 */
export async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  const done = new AbortController()
  const limit = delay(limitMs, undefined, { signal: done.signal }).then(() => {
    throw new AppError('TIMEOUT', 'the backend takes too long')
  })
  // Whichever loses has nobody left to tell.
  limit.catch(() => undefined)
  work.catch(() => undefined)
  try {
    return await Promise.race([work, limit])
  } finally {
    done.abort()
  }
}

/** `work` for each item, so many at a time. */
export async function inParallel<Item>(
  items: readonly Item[],
  max: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = items.values()
  const lane = async (): Promise<void> => {
    for (const item of queue) await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(max, items.length) }, lane))
}
