/**
 * Deletes tombstones and revocations whose time is over, of every tenant: also of those that delete
 * and revoke nothing any more, and so take no old ones with them. Small transactions, each bound to
 * one tenant; rows that somebody has in hand are skipped. Any number of these may run at once.
 */
import { sql } from 'kysely'
import type { Database } from '@heirloom/postgres'
import type { TenantId } from '@heirloom/tenancy'
import type { DocumentSchema } from './schema.js'

const deletedAtOnce = 500
const tenantsAtOnce = 100

/** Resolves to how many were deleted, when there are no more or the signal aborts. */
export async function purgeExpired(
  database: Database<DocumentSchema>,
  before: Date,
  signal: AbortSignal,
): Promise<number> {
  let purged = 0
  let last = ''
  for (;;) {
    const tenants = await tenantsAfter(database, last)
    for (const tenant of tenants) {
      for (const purgeSome of [purgeTombstones, purgeRevocations]) {
        let deleted = deletedAtOnce
        while (deleted === deletedAtOnce) {
          if (signal.aborted) return purged
          deleted = await purgeSome(database, tenant, before)
          purged += deleted
        }
      }
      last = tenant
    }
    if (tenants.length < tenantsAtOnce) return purged
  }
}

async function tenantsAfter(
  database: Database<DocumentSchema>,
  last: string,
): Promise<readonly TenantId[]> {
  const { rows } = await sql<{ tenant: TenantId }>`
    select document_purge_tenants as tenant
    from document_purge_tenants(${last}, ${tenantsAtOnce})`.execute(database.unbound)
  return rows.map(({ tenant }) => tenant)
}

async function purgeTombstones(
  database: Database<DocumentSchema>,
  tenant: TenantId,
  before: Date,
): Promise<number> {
  const { numAffectedRows = 0n } = await database.for(tenant).transaction((trx) =>
    sql`delete from document where tenant_id = ${tenant} and id in (
        select id from document
        where tenant_id = ${tenant} and deleted and expires_at <= ${before}
        limit ${deletedAtOnce} for update skip locked)
      and deleted and expires_at <= ${before}`.execute(trx),
  )
  return Number(numAffectedRows)
}

async function purgeRevocations(
  database: Database<DocumentSchema>,
  tenant: TenantId,
  before: Date,
): Promise<number> {
  const { numAffectedRows = 0n } = await database.for(tenant).transaction((trx) =>
    sql`delete from token_revocation where tenant_id = ${tenant} and id in (
        select id from token_revocation
        where tenant_id = ${tenant} and expires_at <= ${before}
        limit ${deletedAtOnce} for update skip locked)
      and expires_at <= ${before}`.execute(trx),
  )
  return Number(numAffectedRows)
}
