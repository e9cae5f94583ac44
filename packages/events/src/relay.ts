import { AppError } from '@heirloom/errors'
import { databaseError, listen, type Database } from '@heirloom/postgres'
import type { Logger } from '@heirloom/telemetry'
import { backoffMs, pause } from './backoff.js'
import type { EventBus, PublishFailure } from './bus.js'
import { createHoldBack } from './hold-back.js'
import { outboxChannel } from './outbox.js'
import { deletePublished, leasePending, lockOutbox, markPublished } from './outbox-table.js'
import type { Service } from './service.js'
import { createWake } from './wake.js'

export interface RelayOptions<Schema> {
  /** As the worker role: it alone sees the outbox of all tenants. */
  readonly database: Database<Schema>
  /** The same database, for the connection that listens for new rows. */
  readonly listenUrl: string
  readonly bus: Pick<EventBus, 'publish'>
  readonly logger: Logger
  readonly pollIntervalMs?: number
  /** Rows that one transaction leases. */
  readonly batchSize?: number
  /** How long published rows are kept for `republishSince`. */
  readonly retentionMs?: number
}

const defaultPollIntervalMs = 1_000
const defaultBatchSize = 200
const defaultRetentionMs = 7 * 24 * 3_600_000
const cleanupIntervalMs = 10 * 60_000
const outageBackoff = { firstMs: 200, maxMs: 15_000 }
const refusalBackoff = { firstMs: 1_000, maxMs: 300_000 }

/** What one turn found: `more` asks for another turn at once, `idle` waits for a wake-up. */
type Turn = 'more' | 'idle'

/**
 * Carries events from the outbox to the bus, each at least once, those of a resource in order.
 *
 * A turn is one transaction: take the lock, lease the oldest pending rows, publish them, mark
 * what the bus confirmed, commit. Invariants:
 * - One relay at a time publishes from a database (an advisory lock that ends with the turn), so
 *   that two processes never publish parts of one resource's history side by side. A second relay
 *   takes over as soon as the first is gone.
 * - A crash after publishing and before the commit publishes again: consumers absorb repeats.
 * - What the bus refuses holds back the later events of its resource, and nothing else.
 * - NOTIFY is a hint: a lost one costs up to a poll interval.
 */
export function createRelay<Schema>(options: RelayOptions<Schema>): Service {
  const { database, bus, logger } = options
  const pollIntervalMs = options.pollIntervalMs ?? defaultPollIntervalMs
  const batchSize = options.batchSize ?? defaultBatchSize
  const stopping = new AbortController()
  const wake = createWake()
  const holdBack = createHoldBack(refusalBackoff)
  let running: Promise<unknown> = Promise.resolve()
  let nextCleanupAt = 0

  function turn(): Promise<Turn> {
    return database.unbound.transaction().execute(async (trx) => {
      if (!(await lockOutbox(trx))) return 'idle'
      const rows = await leasePending(trx, batchSize, holdBack.keys())
      if (rows.length === 0) return 'idle'
      const { published, failures } = await bus.publish(
        rows.map(({ event }) => event),
        {},
      )
      if (isOutage(published, failures)) throw failures[0]?.error ?? nothingConfirmed()
      const done = rows.filter(({ event }) => published.has(event.id))
      await markPublished(trx, done)
      holdBack.release(done.map((row) => row.resource_key))
      const refused = new Set(failures.map(({ event }) => event.id))
      holdBack.add(rows.filter(({ event }) => refused.has(event.id)).map((row) => row.resource_key))
      for (const { event, error } of failures) {
        logger.error({ err: error, event_id: event.id, type: event.type }, 'event not published')
      }
      return rows.length === batchSize ? 'more' : 'idle'
    })
  }

  async function run(): Promise<void> {
    let attempts = 0
    while (!stopping.signal.aborted) {
      try {
        const found = await turn()
        if (attempts > 0) logger.info({ attempts }, 'publishing again')
        attempts = 0
        if (found === 'more') continue
        await cleanUp()
        await wake.wait(holdBack.waitMs(pollIntervalMs), stopping.signal)
      } catch (error) {
        attempts += 1
        if (attempts === 1)
          logger.warn({ err: databaseError(error) }, 'cannot publish; trying again')
        await pause(backoffMs(attempts, outageBackoff), stopping.signal)
      }
    }
  }

  async function cleanUp(): Promise<void> {
    if (Date.now() < nextCleanupAt) return
    nextCleanupAt = Date.now() + cleanupIntervalMs
    const deleted = await deletePublished(
      database.unbound,
      options.retentionMs ?? defaultRetentionMs,
    )
    if (deleted > 0) logger.info({ deleted }, 'published events past their retention deleted')
  }

  return {
    name: 'relay',
    start: async () => {
      running = Promise.all([
        listen(options.listenUrl, outboxChannel, () => wake.ring(), stopping.signal),
        run(),
      ])
    },
    stop: async () => {
      stopping.abort()
      await running
    },
  }
}

/** Nothing went through, and nothing was wrong with the events themselves. */
function isOutage(published: ReadonlySet<string>, failures: readonly PublishFailure[]): boolean {
  return published.size === 0 && failures.every(({ error }) => error.retryable)
}

function nothingConfirmed(): AppError {
  return new AppError('BACKEND_UNAVAILABLE', 'the event bus confirmed nothing')
}
