/**
 * RecordTable on Postgres: one table `record` of jsonb, keyed by tenant, partition and sort key.
 * A read is one statement and so sees one snapshot; `transact` locks what it expects to be there
 * and lets the primary key refuse what must be absent. Versions come from a sequence. Expired
 * records are hidden by every read and overwritten by writes that expect nothing there. A commit
 * sends NOTIFY with tenant and partition, which is the wake-up. Row-level security binds every
 * transaction to its tenant (packages/postgres).
 */
import { AppError } from '@heirloom/errors'
import { createDatabase } from '@heirloom/postgres'
import type { Backend, OpenBackend } from '../backend.js'
import type { ConfigSpec } from '../config-spec.js'
import { boundedDatabase, createBounded, type PostgresTiming } from './bounded-database.js'
import type { RecordSchema } from './schema.js'
import { createPostgresRecordTable } from './postgres-record-table.js'
import { provision } from './provision.js'
import { purgeExpired } from './purge.js'
import { scan } from './scan.js'
import { createWakeUps } from './wake-ups.js'

export interface PostgresConnection {
  /** Of the app role: row-level security must hold for it. */
  readonly url: string
  readonly maxConnections?: number
}
export type PostgresConnections = Readonly<Record<string, PostgresConnection>>

/** A route names a connection that the process was given; it can never name a host of its own. */
const configSpec: ConfigSpec = { connection: { required: true } }

export function createPostgresBackend(
  environment: {
    readonly postgresConnections: PostgresConnections
    readonly now?: () => number
  },
  timing: PostgresTiming = {},
): Backend {
  const connections = new Map(Object.entries(environment.postgresConnections))
  const now = environment.now ?? Date.now
  return {
    type: 'postgres',
    configSpec,
    open: (config) => {
      const name = config['connection'] ?? ''
      const connection = connections.get(name)
      if (connection === undefined) {
        throw new AppError('INVALID_INPUT', `there is no Postgres connection named "${name}"`)
      }
      return openPostgres(connection, timing, now)
    },
  }
}

function openPostgres(
  connection: PostgresConnection,
  timing: PostgresTiming,
  now: () => number,
): OpenBackend {
  const opened = createDatabase<RecordSchema>({
    url: connection.url,
    applicationName: 'heirloom records',
    ...(connection.maxConnections === undefined
      ? {}
      : { maxConnections: connection.maxConnections }),
  })
  const bounded = createBounded(timing)
  const database = boundedDatabase(opened, bounded)
  const wakeUps = createWakeUps(connection.url)
  return {
    records: {
      for: (tenant) => createPostgresRecordTable(database.for(tenant), wakeUps, now),
      scan: (range) => bounded(() => scan(opened, range, now)),
    },
    ping: () => database.ping(),
    provision: () => provision(database, connection.url),
    purgeExpired: (before, signal) => purgeExpired(database, before, signal),
    close: async () => {
      await wakeUps.close()
      await database.close()
    },
  }
}
