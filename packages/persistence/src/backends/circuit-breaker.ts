/**
 * A backend that is away costs every caller the time of all attempts. After some failures in a row
 * it is left alone for a while, and callers are told at once when to come back.
 *
 *   closed      calls go through; so many failures in a row, which say that the backend as a whole
 *               is away, open it
 *   open        calls fail at once, until the rest is over
 *   half open   one call at a time goes through, all others fail at once; its success closes, its
 *               failure opens for another rest
 *
 * Invariants: from an opening until a success no more than one call is under way that began since;
 * an answer of any kind, a refusal as well, counts as success; what began before an opening and
 * fails after it prolongs no rest.
 */
import { AppError } from '@heirloom/errors'
import type { RecordTable } from '../ports/record-table.js'
import { isAway } from './away.js'

export interface CircuitBreaker {
  /** @throws AppError BACKEND_UNAVAILABLE while it is open, with `retry_after_ms` */
  readonly run: <T>(work: () => Promise<T>) => Promise<T>
}

export interface CircuitBreakerOptions {
  readonly failuresToOpen?: number
  readonly restMs?: number
  /** Milliseconds that never go back. */
  readonly steadyNow?: () => number
}

const defaultFailuresToOpen = 5
const defaultRestMs = 1_000

export function createCircuitBreaker(
  name: string,
  {
    failuresToOpen = defaultFailuresToOpen,
    restMs = defaultRestMs,
    steadyNow = () => performance.now(),
  }: CircuitBreakerOptions = {},
): CircuitBreaker {
  let failures = 0
  let openUntil: number | null = null
  let isProbing = false

  function answered(): void {
    failures = 0
    openUntil = null
  }

  function away(): void {
    failures += 1
    if (openUntil === null && failures >= failuresToOpen) openUntil = steadyNow() + restMs
  }

  function refusal(waitMs: number): AppError {
    return new AppError('BACKEND_UNAVAILABLE', `${name} does not answer, and is left alone`, {
      details: { retry_after_ms: Math.max(1, Math.ceil(waitMs)) },
    })
  }

  async function probe<T>(work: () => Promise<T>): Promise<T> {
    isProbing = true
    try {
      const result = await work()
      answered()
      return result
    } catch (error) {
      if (isAway(error)) openUntil = steadyNow() + restMs
      else answered()
      throw error
    } finally {
      isProbing = false
    }
  }

  return {
    run: async (work) => {
      if (openUntil !== null) {
        const waitMs = openUntil - steadyNow()
        if (waitMs > 0 || isProbing) throw refusal(waitMs > 0 ? waitMs : restMs)
        return probe(work)
      }
      try {
        const result = await work()
        failures = 0
        return result
      } catch (error) {
        if (isAway(error)) away()
        else failures = 0
        throw error
      }
    },
  }
}

/** A table behind the breaker of its backend. */
export function guardedTable(table: RecordTable, { run }: CircuitBreaker): RecordTable {
  return {
    capabilities: table.capabilities,
    get: (pk, sk) => run(() => table.get(pk, sk)),
    getMany: (pk, sks) => run(() => table.getMany(pk, sks)),
    query: (pk, range) => run(() => table.query(pk, range)),
    put: (pk, sk, value, options) => run(() => table.put(pk, sk, value, options)),
    delete: (pk, sk, options) => run(() => table.delete(pk, sk, options)),
    transact: (pk, writes) => run(() => table.transact(pk, writes)),
    onChange: (pk, wake) => table.onChange(pk, wake),
  }
}
