/**
 * Deletes tombstones and revocations whose time is over, of every tenant: also of those that delete
 * and revoke nothing any more, and so take no old ones with them. Rows that somebody has in hand are
 * skipped. Any number of these may run at once.
 */
import { sql } from 'kysely'
import { purge, type Database } from '@heirloom/postgres'
import type { DocumentSchema } from './schema.js'

/** Resolves to how many were deleted, when there are no more or the signal aborts. */
export function purgeExpired(
  database: Database<DocumentSchema>,
  before: Date,
  signal: AbortSignal,
): Promise<number> {
  return purge(
    database,
    {
      tenants: (last, limit) =>
        sql`select document_purge_tenants as tenant
          from document_purge_tenants(${last}, ${limit})`,
      deletions: [
        (tenant, limit) =>
          sql`delete from document where tenant_id = ${tenant} and id in (
              select id from document
              where tenant_id = ${tenant} and deleted and expires_at <= ${before}
              limit ${limit} for update skip locked)
            and deleted and expires_at <= ${before}`,
        (tenant, limit) =>
          sql`delete from token_revocation where tenant_id = ${tenant} and id in (
              select id from token_revocation
              where tenant_id = ${tenant} and expires_at <= ${before}
              limit ${limit} for update skip locked)
            and expires_at <= ${before}`,
      ],
    },
    signal,
  )
}
