import { setTimeout as delay } from 'node:timers/promises'
import { CompiledQuery } from 'kysely'
import { RateLimiterMemory, RateLimiterPostgres } from 'rate-limiter-flexible'
import { AppError } from '@heirloom/errors'
import type { Logger } from '@heirloom/telemetry'
import type { BudgetStore } from './leased-budget.js'

export interface BudgetStoreOptions {
  /** Tells the keys of one limit from those of another. */
  readonly name: string
  readonly limit: number
  readonly windowSeconds: number
}

/** A database of whatever schema. */
export interface RunsQueries {
  readonly unbound: {
    executeQuery(query: CompiledQuery): Promise<{ readonly rows: unknown[] }>
  }
}

interface Query {
  readonly text: string
  readonly values: readonly unknown[]
}

/** How long a request may be held up by a database that does not answer. */
const timeoutMs = 1_000
/** For so long it is not asked again then. */
const restMs = 2_000

/**
 * Counters in the table rate_limit. While the database is away each process counts by itself, with
 * the same limits: what is let through is then at most the limit times the processes.
 */
export function createPostgresBudgetStores(
  database: RunsQueries,
  logger: Logger,
): (options: BudgetStoreOptions) => BudgetStore {
  let restsUntil = 0

  async function query({ text, values }: Query): Promise<{ rows: unknown[]; rowCount: number }> {
    if (Date.now() < restsUntil) throw new AppError('BACKEND_UNAVAILABLE', 'not asked again yet')
    const done = new AbortController()
    try {
      const { rows } = await Promise.race([
        database.unbound.executeQuery(CompiledQuery.raw(text, [...values])),
        delay(timeoutMs, undefined, { signal: done.signal, ref: false }).then(() => {
          throw new AppError('TIMEOUT', 'the database did not answer in time')
        }),
      ])
      return { rows, rowCount: rows.length }
    } catch (error) {
      if (restsUntil === 0) {
        logger.warn({ err: error }, 'rate limits are counted by this process alone for now')
      }
      restsUntil = Date.now() + restMs
      throw error
    } finally {
      done.abort()
    }
  }

  return ({ name, limit, windowSeconds }) => {
    const shape = { points: limit, duration: windowSeconds, keyPrefix: name }
    const limiter = new RateLimiterPostgres({
      ...shape,
      storeClient: { query },
      storeType: 'pool',
      tableName: 'rate_limit',
      tableCreated: true,
      // The gateway sweeps the table, and stops with it.
      clearExpiredByTimeout: false,
      insuranceLimiter: new RateLimiterMemory(shape),
    })
    return {
      add: async (key, points) => {
        const { consumedPoints, msBeforeNext } = await limiter.penalty(key, points)
        return { total: consumedPoints, endsInMs: msBeforeNext }
      },
    }
  }
}

/** Deletes the counters of windows that are over. */
export async function sweepBudgets(database: RunsQueries, now: () => number): Promise<void> {
  await database.unbound.executeQuery(
    CompiledQuery.raw('delete from rate_limit where expire < $1', [now()]),
  )
}
