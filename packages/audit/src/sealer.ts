import { setTimeout as delay } from 'node:timers/promises'
import { createDatabase, databaseError, type Database } from '@heirloom/postgres'
import type { Logger } from '@heirloom/telemetry'
import { lockChains, sealPending } from './chain.js'

export interface SealerOptions {
  /** The service whose log it is, for pg_stat_activity. */
  readonly name: string
  /** As the worker role. */
  readonly databaseUrl: string
  readonly logger: Logger
  readonly pollIntervalMs?: number
  /** Entries that one transaction seals. */
  readonly batchSize?: number
}

export interface Sealer {
  readonly name: string
  start(): Promise<void>
  stop(): Promise<void>
}

const defaultPollIntervalMs = 500
const defaultBatchSize = 500
const maxConnections = 1
const outagePauseMs = 5_000

/**
 * Gives each entry its place in its tenant's chain. A turn is one transaction: take the lock, read
 * the queue, write the links, empty the queue, commit. Invariants:
 * - A link is never changed. Positions count from 1 without a gap.
 * - One sealer at a time writes links of a database: the lock ends with the turn, whether by a
 *   commit or because its process died, and the next one starts from what was committed.
 * - The queue is what has no link, not what comes after a position: an entry whose transaction
 *   commits late gets a later position, and is not skipped.
 * It polls: nobody waits for a seal, and a NOTIFY makes all transactions that send one commit one
 * after the other.
 */
export function createSealer(options: SealerOptions): Sealer {
  const { logger } = options
  const batchSize = options.batchSize ?? defaultBatchSize
  const stopping = new AbortController()
  let database: Database<unknown> | undefined
  let running: Promise<void> = Promise.resolve()

  async function run(opened: Database<unknown>): Promise<void> {
    let isOut = false
    while (!stopping.signal.aborted) {
      let pauseMs = options.pollIntervalMs ?? defaultPollIntervalMs
      try {
        const sealed = await sealOnce(opened, batchSize)
        if (isOut) logger.info('sealing the audit log again')
        isOut = false
        if (sealed === batchSize) continue
      } catch (error) {
        if (!isOut) logger.warn({ err: databaseError(error) }, 'cannot seal the audit log')
        isOut = true
        pauseMs = outagePauseMs
      }
      await delay(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  }

  return {
    name: 'sealer',
    start: () => {
      database = createDatabase<unknown>({
        url: options.databaseUrl,
        applicationName: `${options.name} sealer`,
        maxConnections,
        onIdleError: (error) => logger.warn({ err: error }, 'a database connection broke'),
      })
      running = run(database)
      return Promise.resolve()
    },
    stop: async () => {
      stopping.abort()
      await running
      await database?.close()
    },
  }
}

/** One turn; resolves to how many entries it sealed: none while another sealer is at it. */
export function sealOnce(database: Database<unknown>, batchSize: number): Promise<number> {
  return database.unbound
    .transaction()
    .execute(async (trx) => ((await lockChains(trx)) ? sealPending(trx, batchSize) : 0))
}
