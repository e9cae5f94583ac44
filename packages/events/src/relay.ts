import type { Logger } from '@heirloom/telemetry'
import type { Database } from '@heirloom/postgres'
import type { EventBus } from './bus.js'
import type { Service } from './service.js'

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

export function createRelay<Schema>(_options: RelayOptions<Schema>): Service {
  throw new Error('being written')
}
