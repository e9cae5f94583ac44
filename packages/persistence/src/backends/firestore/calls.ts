/**
 * Every request to Firestore goes through here. What may pass (contention, throttling, no answer)
 * is repeated after a random time below an exponential bound, as Google asks for ABORTED,
 * RESOURCE_EXHAUSTED and UNAVAILABLE; attempts and the time for all of them are bounded. The
 * client's own repetitions are off: they would go on for ten minutes after a caller was told that
 * his write failed, and only we can tell an earlier write of ours from somebody else's.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { CallOptions } from 'google-gax'
import { exhausted, isRepeatable, isUncertain } from './errors.js'

export interface CallTiming {
  readonly attemptTimeoutMs?: number
  readonly totalTimeoutMs?: number
  readonly maxAttempts?: number
  readonly firstBackoffMs?: number
  /** Between 0 and 1. */
  readonly random?: () => number
}

/**
 * `uncertain`: an earlier attempt may have written.
 * @throws AppError BACKEND_UNAVAILABLE, TIMEOUT, and untranslated what repeating cannot help
 */
export type Call = <T>(
  attempt: (options: CallOptions, uncertain: boolean) => Promise<T>,
) => Promise<T>

const maxBackoffMs = 1_000

export function createCalls(headers: Readonly<Record<string, string>>, timing: CallTiming): Call {
  const {
    attemptTimeoutMs = 5_000,
    totalTimeoutMs = 15_000,
    maxAttempts = 10,
    firstBackoffMs = 25,
    random = Math.random,
  } = timing
  const options: CallOptions = {
    timeout: attemptTimeoutMs,
    retry: { retryCodes: [] },
    otherArgs: { headers },
  }

  return async (attempt) => {
    const endAt = performance.now() + totalTimeoutMs
    let uncertain = false
    for (let n = 1; ; n += 1) {
      try {
        return await attempt(options, uncertain)
      } catch (error) {
        if (!isRepeatable(error)) throw error
        uncertain ||= isUncertain(error)
        const waitMs = random() * Math.min(maxBackoffMs, firstBackoffMs * 2 ** (n - 1))
        if (n >= maxAttempts || performance.now() + waitMs > endAt) throw exhausted(error)
        await delay(waitMs)
      }
    }
  }
}
