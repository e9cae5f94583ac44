import { Kysely, PostgresDialect, sql, type Transaction } from 'kysely'
import pg from 'pg'
import type { TenantId } from '@heirloom/tenancy'
import { databaseError } from './errors.js'

export interface DatabaseOptions {
  readonly url: string
  /** Shown in pg_stat_activity. */
  readonly applicationName: string
  readonly maxConnections?: number
  readonly statementTimeoutMs?: number
  /** Told about errors of idle connections; the pool replaces these by itself. */
  readonly onIdleError?: (error: Error) => void
}

/**
 * One database as the app or the worker role sees it. Row-level security hides every row until
 * a transaction is bound to a tenant, so a forgotten binding reads nothing instead of everything.
 */
export interface Database<Schema> {
  /** Everything below this reads and writes the rows of one tenant. */
  for(tenant: TenantId): TenantDatabase<Schema>
  /** Not bound to a tenant: for tables without tenant rows, and for the worker's outbox. */
  readonly unbound: Kysely<Schema>
  /** One round trip; throws BACKEND_UNAVAILABLE when the server is away. */
  ping(): Promise<void>
  close(): Promise<void>
}

export interface TenantDatabase<Schema> {
  readonly tenantId: TenantId
  /**
   * Runs `work` in one READ COMMITTED transaction bound to the tenant; commits when it resolves,
   * rolls back when it throws. Throws AppError CONFLICT, TIMEOUT or BACKEND_UNAVAILABLE for what
   * the database reports.
   */
  transaction<T>(work: (trx: Transaction<Schema>) => Promise<T>): Promise<T>
}

const defaultMaxConnections = 10
const defaultStatementTimeoutMs = 15_000
const connectionTimeoutMs = 10_000

// Dates stay in the database's own text until a domain type asks for them; 8-byte integers are
// read as numbers, which is exact up to 2^53.
const types = new pg.TypeOverrides()
types.setTypeParser(pg.types.builtins.INT8, (text: string) => Number(text))

export function createDatabase<Schema>(options: DatabaseOptions): Database<Schema> {
  const pool = new pg.Pool({
    connectionString: options.url,
    application_name: options.applicationName,
    max: options.maxConnections ?? defaultMaxConnections,
    statement_timeout: options.statementTimeoutMs ?? defaultStatementTimeoutMs,
    connectionTimeoutMillis: connectionTimeoutMs,
    types,
  })
  pool.on('error', (error) => options.onIdleError?.(error))
  const kysely = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) })

  return {
    unbound: kysely,
    for: (tenantId) => ({
      tenantId,
      transaction: (work) =>
        translated(() =>
          kysely.transaction().execute(async (trx) => {
            await sql`select set_config('heirloom.tenant_id', ${tenantId}, true)`.execute(trx)
            return work(trx)
          }),
        ),
    }),
    ping: () => translated(async () => void (await sql`select 1`.execute(kysely))),
    close: () => kysely.destroy(),
  }
}

async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw databaseError(error)
  }
}
