/**
 * Every request to Cosmos goes through here. What may pass (throttling, a partition that moves, no
 * answer) is repeated: after the time that the service asks for, and a random time below an
 * exponential bound on top, so that those who were throttled together do not come back together.
 * Attempts and the time for all of them are bounded. The SDK's own repetitions are off: only we can
 * tell an earlier write of ours from somebody else's.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { askedWaitMs, exhausted, isRejected, isUncertain } from './errors.js'

export interface CallTiming {
  readonly attemptTimeoutMs?: number
  readonly totalTimeoutMs?: number
  readonly maxAttempts?: number
  readonly firstBackoffMs?: number
  /** Between 0 and 1. */
  readonly random?: () => number
}

export interface Attempt {
  readonly abortSignal: AbortSignal
  /** An earlier attempt may have written. */
  readonly uncertain: boolean
}

/** @throws AppError BACKEND_UNAVAILABLE, TIMEOUT, and untranslated what repeating cannot help */
export type Call = <T>(attempt: (options: Attempt) => Promise<T>) => Promise<T>

export const defaultAttemptTimeoutMs = 5_000
const maxBackoffMs = 1_000

export function createCalls(timing: CallTiming): Call {
  const {
    attemptTimeoutMs = defaultAttemptTimeoutMs,
    totalTimeoutMs = 15_000,
    maxAttempts = 10,
    firstBackoffMs = 25,
    random = Math.random,
  } = timing

  return async (attempt) => {
    const endAt = performance.now() + totalTimeoutMs
    let uncertain = false
    for (let n = 1; ; n += 1) {
      try {
        return await attempt({ abortSignal: AbortSignal.timeout(attemptTimeoutMs), uncertain })
      } catch (error) {
        uncertain ||= isUncertain(error)
        if (!isUncertain(error) && !isRejected(error)) throw error
        const backoffMs = random() * Math.min(maxBackoffMs, firstBackoffMs * 2 ** (n - 1))
        const waitMs = askedWaitMs(error) + backoffMs
        if (n >= maxAttempts || performance.now() + waitMs > endAt) throw exhausted(error)
        await delay(waitMs)
      }
    }
  }
}
