/**
 * Deletes records that expired: the ttl that Postgres does not have. No reader has seen them since
 * their `expires_at`, and every write takes them for absent, so nobody notices; it is `before` that
 * keeps away from what somebody with a slower clock may still read. Rows that somebody is just
 * writing are skipped. Any number of these may run at once.
 */
import { sql } from 'kysely'
import { purge, type Database } from '@heirloom/postgres'
import type { RecordSchema } from './schema.js'

/** Resolves to how many were deleted, when there are no more or the signal aborts. */
export function purgeExpired(
  database: Database<RecordSchema>,
  before: Date,
  signal: AbortSignal,
): Promise<number> {
  return purge(
    database,
    {
      tenants: (last, limit) =>
        sql`select record_tenants as tenant from record_tenants(${last}, ${limit})`,
      deletions: [
        (tenant, limit) =>
          sql`delete from record where tenant_id = ${tenant} and (pk, sk) in (
              select pk, sk from record
              where tenant_id = ${tenant} and expires_at <= ${before}
              limit ${limit} for update skip locked)
            and expires_at <= ${before}`,
      ],
    },
    signal,
  )
}
