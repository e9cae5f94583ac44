/**
 * Deletes records that expired: the ttl that Postgres does not have. No reader has seen them since
 * their `expires_at`, and every write takes them for absent, so nobody notices; it is `before` that
 * keeps away from what somebody with a slower clock may still read. Small transactions, each bound to
 * one tenant; rows that somebody is just writing are skipped. Any number of these may run at once.
 */
import { sql } from 'kysely'
import type { Database } from '@heirloom/postgres'
import type { TenantId } from '@heirloom/tenancy'
import type { RecordSchema } from './schema.js'

const deletedAtOnce = 500
const tenantsAtOnce = 100

export async function purgeExpired(
  database: Database<RecordSchema>,
  before: Date,
  signal: AbortSignal,
): Promise<number> {
  let purged = 0
  let last = ''
  for (;;) {
    const tenants = await tenantsAfter(database, last)
    for (const tenant of tenants) {
      let deleted: number = deletedAtOnce
      while (deleted === deletedAtOnce) {
        if (signal.aborted) return purged
        deleted = await purgeSome(database, tenant, before)
        purged += deleted
      }
      last = tenant
    }
    if (tenants.length < tenantsAtOnce) return purged
  }
}

async function tenantsAfter(
  database: Database<RecordSchema>,
  last: string,
): Promise<readonly TenantId[]> {
  const { rows } = await sql<{ tenant: TenantId }>`
    select record_tenants as tenant from record_tenants(${last}, ${tenantsAtOnce})`.execute(
    database.unbound,
  )
  return rows.map(({ tenant }) => tenant)
}

async function purgeSome(
  database: Database<RecordSchema>,
  tenant: TenantId,
  before: Date,
): Promise<number> {
  const { numAffectedRows = 0n } = await database.for(tenant).transaction((trx) =>
    sql`delete from record where tenant_id = ${tenant} and (pk, sk) in (
        select pk, sk from record
        where tenant_id = ${tenant} and expires_at <= ${before}
        limit ${deletedAtOnce} for update skip locked)
      and expires_at <= ${before}`.execute(trx),
  )
  return Number(numAffectedRows)
}
