import type { RawBuilder } from 'kysely'
import type { TenantId } from '@heirloom/tenancy'
import type { Database } from './database.js'

const deletedAtOnce = 500
const tenantsAtOnce = 100

export interface Purge {
  /** Selects `tenant`: those after `last` who may have something to delete, in order, up to `limit`. */
  readonly tenants: (last: string, limit: number) => RawBuilder<{ tenant: TenantId }>
  /** Each deletes up to `limit` rows of a tenant; one that deletes fewer has deleted all. */
  readonly deletions: readonly ((tenant: TenantId, limit: number) => RawBuilder<unknown>)[]
}

/**
 * Deletes tenant by tenant, in transactions each small and bound to one tenant. Resolves to how many
 * rows were deleted, when there are no more or the signal aborts.
 */
export async function purge<Schema>(
  database: Database<Schema>,
  { tenants: tenantsAfter, deletions }: Purge,
  signal: AbortSignal,
): Promise<number> {
  let purged = 0
  let last = ''
  for (;;) {
    const { rows } = await tenantsAfter(last, tenantsAtOnce).execute(database.unbound)
    for (const { tenant } of rows) {
      for (const deletion of deletions) {
        let deleted = deletedAtOnce
        while (deleted === deletedAtOnce) {
          if (signal.aborted) return purged
          const { numAffectedRows = 0n } = await database
            .for(tenant)
            .transaction((trx) => deletion(tenant, deletedAtOnce).execute(trx))
          deleted = Number(numAffectedRows)
          purged += deleted
        }
      }
      last = tenant
    }
    if (rows.length < tenantsAtOnce) return purged
  }
}
