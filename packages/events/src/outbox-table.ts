import { sql, type Kysely, type Transaction } from 'kysely'
import type { Database } from '@heirloom/postgres'
import type { DomainEvent } from './envelope.js'
import { outboxChannel } from './outbox.js'

/** The outbox as the relay sees it: all tenants, by the worker role. */
export interface PendingEvent {
  readonly seq: number
  readonly resource_key: string
  readonly event: DomainEvent
}

// Any number that no other code of the project uses: "hl" and "ob" in ASCII.
const lockClass = 0x686c
const lockObject = 0x6f62

/** Held until the transaction ends: one relay at a time publishes from this database. */
export async function lockOutbox<Schema>(trx: Transaction<Schema>): Promise<boolean> {
  const { rows } = await sql<{ locked: boolean }>`
    select pg_try_advisory_xact_lock(${lockClass}, ${lockObject}) as locked`.execute(trx)
  return rows[0]?.locked === true
}

/**
 * The oldest pending events whose resources are not held back. Pending is what has no mark, not
 * what comes after a position: a sequence number is taken before its transaction commits, so a
 * row can appear behind rows that were published long ago.
 */
export async function leasePending<Schema>(
  trx: Transaction<Schema>,
  limit: number,
  heldBack: readonly string[],
): Promise<readonly PendingEvent[]> {
  // Not SKIP LOCKED: under the lock nobody else leases rows, and stepping over one that somebody
  // locked by hand would let the later events of its resource overtake it.
  const { rows } = await sql<PendingEvent>`
    select seq, resource_key, event from outbox
    where published_at is null and resource_key <> all(${heldBack})
    order by seq
    limit ${limit}
    for update`.execute(trx)
  return rows
}

export async function markPublished<Schema>(
  trx: Transaction<Schema>,
  rows: readonly PendingEvent[],
): Promise<void> {
  const seqs = rows.map(({ seq }) => seq)
  await sql`update outbox set published_at = clock_timestamp() where seq = any(${seqs})`.execute(
    trx,
  )
}

const deleteBatchSize = 1_000

/** Deletes rows published longer ago than the retention; resolves to how many. */
export async function deletePublished<Schema>(
  db: Kysely<Schema>,
  retentionMs: number,
): Promise<number> {
  let total = 0
  for (;;) {
    const { numAffectedRows = 0n } = await sql`
      delete from outbox where seq in (
        select seq from outbox
        where published_at < now() - make_interval(secs => ${retentionMs / 1000})
        order by seq
        limit ${deleteBatchSize})`.execute(db)
    total += Number(numAffectedRows)
    if (numAffectedRows < BigInt(deleteBatchSize)) return total
  }
}

/**
 * Marks everything written at or after `since` as pending again, for a bus that lost its memory:
 * the relay publishes it once more, in order, and consumers that know it already ignore it.
 * An SNS FIFO topic that did not lose its memory drops what it saw in the last five minutes.
 * Only reaches back as far as the relay's retention. Resolves to the number of events.
 */
export async function republishSince<Schema>(
  database: Database<Schema>,
  since: Date,
): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    update outbox set published_at = null
    where published_at is not null and created_at >= ${since.toISOString()}::timestamptz`.execute(
    database.unbound,
  )
  await sql`select pg_notify(${outboxChannel}, '')`.execute(database.unbound)
  return Number(numAffectedRows)
}
