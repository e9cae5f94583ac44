import { sql, type RawBuilder, type Selectable, type SqlBool } from 'kysely'
import type { LegacyVisibility } from '@heirloom/authz'
import type { TenantId } from '@heirloom/tenancy'
import type { Legacy } from '../domain/legacy.js'
import type { LegacyReads, LegacyWrites } from '../domain/ports.js'
import type { LegacyTable } from './schema.js'
import type { InTransaction, StoriesTransaction } from './transactions.js'

export function legacyReads(inTransaction: InTransaction): LegacyReads {
  return {
    byIds: async (ids) => {
      if (ids.length === 0) return []
      const rows = await inTransaction((trx) =>
        trx.selectFrom('legacy').selectAll().where('legacy_id', 'in', ids).execute(),
      )
      return rows.map(toLegacy)
    },

    bySlug: async (slug) => {
      const row = await inTransaction((trx) =>
        trx.selectFrom('legacy').selectAll().where('slug', '=', slug).executeTakeFirst(),
      )
      return row === undefined ? null : toLegacy(row)
    },

    page: async ({ limit, after }, visibility) => {
      const rows = await inTransaction((trx) =>
        trx
          .selectFrom('legacy')
          .selectAll()
          .$if(after !== undefined, (query) => query.where('legacy_id', '>', after ?? null))
          .where(among(visibility))
          .orderBy('legacy_id')
          .limit(limit)
          .execute(),
      )
      return rows.map(toLegacy)
    },
  }
}

export function legacyWrites(trx: StoriesTransaction, tenantId: TenantId): LegacyWrites {
  return {
    insertUnlessSlugTaken: async (legacy) => {
      const inserted = await trx
        .insertInto('legacy')
        .values({
          tenant_id: tenantId,
          legacy_id: legacy.id,
          slug: legacy.slug,
          title: legacy.title,
          description: legacy.description,
          created_by: legacy.createdBy,
          created_at: legacy.createdAt,
        })
        .onConflict((conflict) => conflict.columns(['tenant_id', 'slug']).doNothing())
        .returning('legacy_id')
        .executeTakeFirst()
      return inserted !== undefined
    },
  }
}

function among(visibility: LegacyVisibility): RawBuilder<SqlBool> {
  if (visibility === 'all') return sql`true`
  return sql`legacy_id = any(${[...visibility]}::text[])`
}

function toLegacy(row: Selectable<LegacyTable>): Legacy {
  return {
    id: row.legacy_id,
    slug: row.slug,
    title: row.title,
    description: row.description,
    createdBy: row.created_by,
    createdAt: row.created_at,
  }
}
