import { sql, type Transaction } from 'kysely'
import type { Migrations } from '@heirloom/postgres'
import type { DomainEvent } from './envelope.js'

/** The inbox table, for the migration list of every service that consumes events. */
export const inboxMigrations: Migrations = {
  prefix: 'inbox',
  directory: new URL('../migrations/inbox/', import.meta.url),
}

/**
 * Runs `work` unless this handler has already applied this event, in the transaction `trx`, which
 * must be bound to the event's tenant (`database.for(event.tenant_id)`). The mark commits with the
 * work or not at all; of two simultaneous deliveries the second waits for the first.
 * Resolves to whether the work ran.
 */
export async function once<Schema>(
  trx: Transaction<Schema>,
  handler: string,
  event: Pick<DomainEvent, 'id' | 'tenant_id'>,
  work: () => Promise<void>,
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    insert into inbox (tenant_id, handler, event_id)
    values (${event.tenant_id}, ${handler}, ${event.id})
    on conflict do nothing`.execute(trx)
  if (numAffectedRows === 0n) return false
  await work()
  return true
}
