import { Kysely, PostgresDialect, sql, type Transaction } from 'kysely'
import pg from 'pg'
import { hasCode } from '@heirloom/errors'
import type { TenantId } from '@heirloom/tenancy'
import { sendBatch, type Statement } from './batch.js'
import { databaseError } from './errors.js'
import { bindTenant, tenantDialect } from './tenant-dialect.js'

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

  /**
   * Runs the statements in this order in one READ COMMITTED transaction bound to the tenant, and
   * resolves to the rows of each after the commit; when one fails, none has happened. All of it is
   * one round trip, so no statement can depend on what another one returns. Throws as
   * `transaction` does.
   */
  batch<Row>(statements: readonly Statement[]): Promise<readonly (readonly Row[])[]>
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
  // Who uses a connection while it breaks learns it from his query; the event besides, which
  // nobody else listens to then, would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined))
  const dialect = new PostgresDialect({ pool })
  const kysely = new Kysely<Schema>({ dialect })
  const shared = dialect.createDriver()
  const ready = shared.init()
  let closing: Promise<void> | undefined

  async function batch(
    tenantId: TenantId,
    statements: readonly Statement[],
  ): Promise<readonly (readonly unknown[])[]> {
    const client = await pool.connect()
    let broken = false
    try {
      const binding = { sql: bindTenant, parameters: [tenantId] }
      const [, ...rows] = await sendBatch(client, [binding, ...statements])
      return rows
    } catch (error) {
      broken = hasCode(databaseError(error), 'BACKEND_UNAVAILABLE')
      throw error
    } finally {
      // The server says goodbye before it hangs up; the next one must not get this connection.
      client.release(broken)
    }
  }

  return {
    unbound: kysely,
    for: (tenantId) => {
      let bound: Kysely<Schema> | undefined
      return {
        tenantId,
        transaction: (work) =>
          translated(async () => {
            await ready
            bound ??= new Kysely<Schema>({ dialect: tenantDialect(shared, tenantId) })
            return bound.transaction().execute(work)
          }),
        batch: <Row>(statements: readonly Statement[]) =>
          translated(() => batch(tenantId, statements)) as Promise<readonly (readonly Row[])[]>,
      }
    },
    ping: () => translated(async () => void (await sql`select 1`.execute(kysely))),
    close: () => (closing ??= pool.end()),
  }
}

async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw databaseError(error)
  }
}
