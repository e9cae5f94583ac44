import {
  CompiledQuery,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type DatabaseConnection,
  type Dialect,
  type Driver,
} from 'kysely'
import pg from 'pg'
import type { TenantId } from '@heirloom/tenancy'

/** Local to the transaction (`true`): it ends with it, also behind a pooler of transactions. */
export const bindTenant = `select set_config('heirloom.tenant_id', $1, true)`

const adapter = new PostgresAdapter()
const queryCompiler = new PostgresQueryCompiler()

/**
 * Postgres, where every transaction is bound to the tenant in the same round trip that begins it.
 * Connections are those of `driver`, which is not closed with the dialect.
 */
export function tenantDialect(driver: Driver, tenantId: TenantId): Dialect {
  // The simple protocol, which takes several statements at once, takes no parameters.
  const begin = CompiledQuery.raw(
    `begin; ${bindTenant.replace('$1', () => pg.escapeLiteral(tenantId))}`,
  )
  return {
    createAdapter: () => adapter,
    createQueryCompiler: () => queryCompiler,
    createIntrospector: (database) => new PostgresIntrospector(database),
    createDriver: () => ({
      init: () => Promise.resolve(),
      acquireConnection: () => driver.acquireConnection(),
      beginTransaction: (connection) => beginBound(driver, connection, begin),
      commitTransaction: (connection) => driver.commitTransaction(connection),
      rollbackTransaction: (connection) => driver.rollbackTransaction(connection),
      releaseConnection: (connection) => driver.releaseConnection(connection),
      destroy: () => Promise.resolve(),
    }),
  }
}

async function beginBound(
  driver: Driver,
  connection: DatabaseConnection,
  begin: CompiledQuery,
): Promise<void> {
  try {
    await connection.executeQuery(begin)
  } catch (error) {
    // The transaction may have begun before it could not be bound; nobody else ends it.
    await driver.rollbackTransaction(connection).catch(() => undefined)
    throw error
  }
}
