import pg from 'pg'
import type { TenantId } from '@heirloom/tenancy'
import {
  nextKey,
  pageItems,
  rowData,
  tableName,
  type Operations,
} from './persistence-operations.js'

// The rows as the store keeps them, in a partition beside it.
const pk = `table#vendor-${tableName}`
const select = `select sk, value, version,
  (extract(epoch from expires_at) * 1000)::float8 as expires_at_ms from record
  where tenant_id = $1 and pk = $2 and (expires_at is null or expires_at > $3)`
const get = `${select} and sk = $4`
const query = `${select} and sk >= $4 and sk < $5 order by sk asc limit $6`
const put = `with written as (
    insert into record (tenant_id, pk, sk, value, expires_at) values ($1, $2, $3, $4, null)
    on conflict (tenant_id, pk, sk) do update set value = excluded.value,
      expires_at = excluded.expires_at, version = nextval('record_version')
    returning version)
  select version, pg_notify($5, $6) from written`

/** How one statement is run for a tenant. */
type Run = (text: string, values: readonly unknown[]) => Promise<pg.QueryResult>

export interface VendorPostgres {
  readonly ways: Readonly<Record<'pg in a transaction' | 'pg pipelined' | 'pg unbound', Operations>>
  stop(): Promise<void>
}

/**
 * The same operations by the driver alone, on the same table and under the same row-level security:
 *
 *   in a transaction   BEGIN and the binding of the tenant in one text, the statement, COMMIT:
 *                      three round trips, and no fewer without pipelining
 *   pipelined          the same three written at once, by the driver's own option `pipeline`
 *   unbound            the statement alone, the tenant bound to the connection for good: what no
 *                      pool of several tenants may do; the floor, for comparison
 */
export function vendorPostgres(url: string, tenant: TenantId): VendorPostgres {
  const pool = new pg.Pool({ connectionString: url })
  const pipelining = new pg.Pool({ connectionString: url, pipeline: true })
  const bound = new pg.Pool({
    connectionString: url,
    options: `-c heirloom.tenant_id=${tenant}`,
  })
  const begin = `begin; select set_config('heirloom.tenant_id', ${pg.escapeLiteral(tenant)}, true)`

  async function inTransaction(text: string, values: readonly unknown[]): Promise<pg.QueryResult> {
    const client = await pool.connect()
    try {
      await client.query(begin)
      const result = await client.query(text, [...values])
      await client.query('commit')
      return result
    } catch (error) {
      await client.query('rollback')
      throw error
    } finally {
      client.release()
    }
  }

  async function pipelined(text: string, values: readonly unknown[]): Promise<pg.QueryResult> {
    const client = await pipelining.connect()
    try {
      const [, result] = await Promise.all([
        client.query(begin),
        client.query(text, [...values]),
        client.query('commit'),
      ])
      return result
    } finally {
      client.release()
    }
  }

  return {
    ways: {
      'pg in a transaction': operationsBy(inTransaction, tenant),
      'pg pipelined': operationsBy(pipelined, tenant),
      'pg unbound': operationsBy((text, values) => bound.query(text, [...values]), tenant),
    },
    stop: async () => {
      await Promise.all([pool.end(), pipelining.end(), bound.end()])
    },
  }
}

function operationsBy(run: Run, tenant: TenantId): Operations {
  let n = 0
  return {
    get: () => run(get, [tenant, pk, new Date(), nextKey()]),
    query: () => run(query, [tenant, pk, new Date(), 'row-', 'row.', pageItems + 1]),
    put: () => {
      n += 1
      const value = JSON.stringify({ data: rowData(n) })
      return run(put, [tenant, pk, nextKey(), value, 'heirloom_record', `${tenant} ${pk}`])
    },
  }
}
