import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@heirloom/errors'

export interface Persistence {
  /** How long a failure may last, from its first sign, before it is reported. */
  readonly outageMs: number
  readonly now: () => number
  /** Nobody wants the result any more: the next failure is the last. */
  readonly stopped: () => boolean
}

const firstDelayMs = 25
const maxDelayMs = 1_000

/**
 * Repeats what fails for a reason that may pass, with growing and random pauses of a second at
 * most. @throws what `work` throws, when it will not pass or did not pass in time
 */
export async function persistently<Result>(
  work: () => Promise<Result>,
  { outageMs, now, stopped }: Persistence,
): Promise<Result> {
  let failingSinceMs: number | undefined
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      failingSinceMs ??= now()
      const passing = error instanceof AppError && error.retryable
      if (!passing || stopped() || now() - failingSinceMs >= outageMs) throw error
      await delay(Math.random() * Math.min(maxDelayMs, firstDelayMs * 2 ** attempt))
      if (stopped()) throw error
    }
  }
}
