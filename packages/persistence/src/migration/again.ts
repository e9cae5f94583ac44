import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@heirloom/errors'

const maxAttempts = 6
const firstPauseMs = 50
const maxPauseMs = 2_000

/** Tries again what may be done twice, when a backend was away for a moment. */
export async function again<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      const isPassing = error instanceof AppError && error.retryable
      if (!isPassing || attempt === maxAttempts || signal.aborted) throw error
      const pauseMs = Math.min(maxPauseMs, firstPauseMs * 2 ** (attempt - 1))
      await delay(pauseMs, undefined, { signal })
    }
  }
}
