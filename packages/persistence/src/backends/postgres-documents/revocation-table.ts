/**
 * RevocationTable on Postgres: one upsert that keeps the earlier moment and the later expiry. There
 * is no ttl: each addition takes some of its tenant's expired entries with it, and readers look at
 * the expiry themselves.
 */
import { sql } from 'kysely'
import type { RevocationTable } from '../../documents/revocation-table.js'
import type { PostgresDocuments } from './connection.js'
import { verifyIndexes } from './indexes.js'
import { requiredRevocationIndexes } from './schema.js'

const purgedAtOnce = 100

export function createPostgresRevocationTable({
  database,
  close,
}: PostgresDocuments): RevocationTable {
  return {
    add: ({ tenant, database: name }, id, { revokedAt, expiresAt }, now) =>
      database.for(tenant).transaction(async (trx) => {
        await sql`
          delete from token_revocation where tenant_id = ${tenant} and id in (
            select id from token_revocation
            where tenant_id = ${tenant} and expires_at <= ${new Date(now)} and id <> ${id}
            limit ${purgedAtOnce} for update skip locked)`.execute(trx)
        await sql`
          insert into token_revocation as old (tenant_id, database, id, revoked_at, expires_at)
          values (${tenant}, ${name}, ${id}, ${new Date(revokedAt)}, ${new Date(expiresAt)})
          on conflict (tenant_id, id) do update set
            revoked_at = least(old.revoked_at, excluded.revoked_at),
            expires_at = greatest(old.expires_at, excluded.expires_at)`.execute(trx)
      }),
    read: async ({ tenant, database: name }, id) => {
      const { rows } = await database.for(tenant).transaction((trx) =>
        sql<{ revoked_at: Date; expires_at: Date }>`
          select revoked_at, expires_at from token_revocation
          where tenant_id = ${tenant} and database = ${name} and id = ${id}`.execute(trx),
      )
      const row = rows[0]
      if (row === undefined) return null
      return { revokedAt: row.revoked_at.getTime(), expiresAt: row.expires_at.getTime() }
    },
    ensureIndexes: async () => void (await verifyIndexes(database, requiredRevocationIndexes)),
    close,
  }
}
