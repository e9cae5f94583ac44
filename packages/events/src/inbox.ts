/**
 * The inbox of a consumer: which events its handlers have applied.
 *
 * Invariant: a row is there for as long as its event can still be delivered. An event is delivered
 * at most 28 days after it was last published: a queue keeps a message for 14 days at most, and its
 * dead-letter queue for 14 more (both are the maximum of SQS, and a FIFO dead-letter queue counts
 * from when the message came to it). It can be published again for 7 days after that, for as long
 * as the relay keeps its row. So after a delivery the next one comes within 35 days, or, when the
 * relay is down before that, so much later. A row counts its age from the last delivery, not the
 * first, because each publication gives the next one its chance.
 *
 * There is no job: what a handler applies takes a few rows with it that are too old, of its own
 * tenant, which are all that it can see. That is more than it adds, so the table stays bounded by
 * the events of the retention; of a tenant that has no more events, the last rows stay.
 */
import { sql, type Transaction } from 'kysely'
import type { Migrations } from '@heirloom/postgres'
import type { DomainEvent } from './envelope.js'

/** The inbox table, for the migration list of every service that consumes events. */
export const inboxMigrations: Migrations = {
  prefix: 'inbox',
  directory: new URL('../migrations/inbox/', import.meta.url),
}

/** 35 days, and 25 for a relay that is down. */
export const inboxRetentionDays = 60
const deletedAtOnce = 10

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
  // xmax is 0 in a row that this statement inserted, and not in one that it updated.
  const { rows } = await sql<{ isNew: boolean }>`
    with gone as (
      delete from inbox where (tenant_id, handler, event_id) in (
        select tenant_id, handler, event_id from inbox
        where tenant_id = ${event.tenant_id} and event_id <> ${event.id}
          and applied_at < now() - make_interval(days => ${inboxRetentionDays})
        order by applied_at limit ${deletedAtOnce} for update skip locked)
    )
    insert into inbox (tenant_id, handler, event_id)
    values (${event.tenant_id}, ${handler}, ${event.id})
    on conflict (tenant_id, handler, event_id) do update set applied_at = excluded.applied_at
    returning xmax = 0 as "isNew"`.execute(trx)
  if (rows[0]?.isNew !== true) return false
  await work()
  return true
}
