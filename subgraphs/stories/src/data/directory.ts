import type { TenantId } from '@heirloom/tenancy'
import type { TenantReads, TenantWrites, UserReads, UserWrites } from '../domain/ports.js'
import type { InTransaction, StoriesTransaction } from './transactions.js'

export function tenantReads(inTransaction: InTransaction): TenantReads {
  return {
    current: () =>
      inTransaction(async (trx) => {
        // Row-level security leaves the one row of the tenant that the transaction is bound to.
        const row = await trx.selectFrom('tenant').selectAll().executeTakeFirst()
        if (row === undefined) return null
        return { id: row.tenant_id, name: row.name, createdAt: row.created_at }
      }),
  }
}

export function tenantWrites(trx: StoriesTransaction): TenantWrites {
  return {
    insertIfNew: async ({ id, name, createdAt }) => {
      await trx
        .insertInto('tenant')
        .values({ tenant_id: id, name, created_at: createdAt })
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    },
  }
}

export function userReads(inTransaction: InTransaction): UserReads {
  return {
    byIds: async (ids) => {
      if (ids.length === 0) return []
      const rows = await inTransaction((trx) =>
        trx.selectFrom('app_user').selectAll().where('user_id', 'in', ids).execute(),
      )
      return rows.map((row) => ({ id: row.user_id, displayName: row.display_name }))
    },
  }
}

export function userWrites(trx: StoriesTransaction, tenantId: TenantId): UserWrites {
  return {
    upsert: async ({ id, displayName }, now) => {
      await trx
        .insertInto('app_user')
        .values({ tenant_id: tenantId, user_id: id, display_name: displayName, created_at: now })
        .onConflict((conflict) =>
          conflict.columns(['tenant_id', 'user_id']).doUpdateSet({ display_name: displayName }),
        )
        .execute()
    },
  }
}
