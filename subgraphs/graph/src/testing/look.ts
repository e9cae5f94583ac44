import { sql } from 'kysely'
import type { DomainEvent } from '@heirloom/events'
import { createDatabase } from '@heirloom/postgres'
import type { TenantContext } from '@heirloom/tenancy'

/** What a test left behind, seen past row-level security. */
export interface Look {
  /** What was announced for a tenant, oldest first. */
  events(context: TenantContext): Promise<readonly DomainEvent[]>
  /** Everything that is stored for a tenant, to compare before and after. */
  rows(context: TenantContext): Promise<readonly unknown[]>
  close(): Promise<void>
}

const tables = ['person', 'relationship', 'external_person', 'story_person', 'outbox']

export function lookInto(superuserUrl: string): Look {
  const all = createDatabase<never>({ url: superuserUrl, applicationName: 'look' })
  return {
    events: async ({ tenantId }) => {
      const { rows } = await sql<{ event: DomainEvent }>`
        select event from outbox where tenant_id = ${tenantId} order by seq`.execute(all.unbound)
      return rows.map((row) => row.event)
    },
    rows: async ({ tenantId }) => {
      const found = []
      for (const table of tables) {
        const { rows } = await sql`
          select * from ${sql.table(table)} where tenant_id = ${tenantId}
          order by 1, 2, 3`.execute(all.unbound)
        found.push(...rows)
      }
      return found
    },
    close: () => all.close(),
  }
}
