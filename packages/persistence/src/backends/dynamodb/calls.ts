/**
 * Every request to DynamoDB goes through here. A fault is one of four:
 *
 *   refused    an expectation failed, or another transaction held an item until the end: the
 *              caller learns it as `Refused`
 *   rejected   throttled, in conflict with a transaction, not connected: nothing was written, so
 *              it is repeated
 *   uncertain  no answer, or a server error: it may have been written. Repeated all the same, and
 *              from then on `uncertain` is true, so that the caller can tell its own earlier write
 *              from somebody else's
 *   final      everything else: translated, and thrown
 *
 * Repetitions wait for a random time below an exponential bound ("full jitter", AWS Architecture
 * Blog, Exponential Backoff And Jitter). Attempts and the time for all of them are bounded.
 */
import { setTimeout as delay } from 'node:timers/promises'
import {
  ConditionalCheckFailedException,
  TransactionCanceledException,
} from '@aws-sdk/client-dynamodb'
import { exhausted, isRejected, isUncertain, translate, type Where } from './errors.js'

export interface CallTiming {
  readonly attemptTimeoutMs?: number
  readonly totalTimeoutMs?: number
  readonly maxAttempts?: number
  readonly firstBackoffMs?: number
  /** Between 0 and 1. */
  readonly random?: () => number
}

/** A write that DynamoDB refused, and whether an earlier attempt may have written nevertheless. */
export class Refused extends Error {
  override readonly name = 'Refused'
  constructor(
    override readonly cause: ConditionalCheckFailedException | TransactionCanceledException,
    readonly uncertain: boolean,
  ) {
    super('the write was refused', { cause })
  }
}

/** @throws Refused, AppError BACKEND_UNAVAILABLE, TIMEOUT, PAYLOAD_TOO_LARGE, INTERNAL */
export type Call = <T>(attempt: (uncertain: boolean) => Promise<T>) => Promise<T>

const maxBackoffMs = 1_000

export function createCalls(where: Where, timing: CallTiming = {}): Call {
  const {
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
        return await attempt(uncertain)
      } catch (error) {
        if (isRefusal(error)) throw new Refused(error, uncertain)
        uncertain ||= isUncertain(error)
        if (!isUncertain(error) && !isRejected(error)) throw translate(error, where)
        const waitMs = random() * Math.min(maxBackoffMs, firstBackoffMs * 2 ** (n - 1))
        if (n >= maxAttempts || performance.now() + waitMs > endAt) {
          if (error instanceof TransactionCanceledException) throw new Refused(error, uncertain)
          throw exhausted(error)
        }
        await delay(waitMs)
      }
    }
  }
}

function isRefusal(
  error: unknown,
): error is ConditionalCheckFailedException | TransactionCanceledException {
  if (error instanceof ConditionalCheckFailedException) return true
  return (
    error instanceof TransactionCanceledException &&
    (error.CancellationReasons ?? []).some(({ Code }) => Code === 'ConditionalCheckFailed')
  )
}
