/**
 * Phases, all in one READ COMMITTED transaction:
 *   1. lock the rows that are there, in key order;
 *   2. judge every expectation against them (an expired row counts as absent);
 *   3. upsert the puts in key order: what is expected absent, and was, is inserted and never
 *      overwrites, so the primary key decides between two inserts at the same time;
 *      in the same statement delete, and notify;
 *   4. commit.
 * Invariant: a row that phase 2 saw cannot change before the commit, because it is locked; a row
 * that phase 2 did not see makes phase 3 write one row less than it should, and everything is
 * rolled back.
 */
import { sql, type Transaction } from 'kysely'
import type { TenantId } from '@heirloom/tenancy'
import { conflict } from '../../ports/conflict.js'
import type { RecordVersion, Write } from '../../ports/record-table.js'
import { versionOf } from './rows.js'
import type { RecordSchema } from './schema.js'
import { recordChannel, wakeUpPayload } from './wake-ups.js'

interface LockedRow {
  readonly sk: string
  readonly version: number
  readonly expired: boolean
}

export async function transact(
  trx: Transaction<RecordSchema>,
  tenantId: TenantId,
  pk: string,
  writes: readonly Write[],
  texts: readonly (string | null)[],
  now: number,
): Promise<readonly (RecordVersion | null)[]> {
  const at = new Date(now)
  const { rows } = await sql<LockedRow>`
    select sk, version, (expires_at is not null and expires_at <= ${at}) as expired from record
    where tenant_id = ${tenantId} and pk = ${pk} and sk = any(${writes.map((write) => write.sk)})
    order by sk for update`.execute(trx)
  const locked = new Map(rows.map((row) => [row.sk, row]))

  const failed = indexesOf(writes, (write) => !holds(write, locked.get(write.sk)))
  if (failed.length > 0) throw conflict(failed)

  const versions = await apply(trx, tenantId, pk, writes, texts, locked)
  const lost = indexesOf(writes, (write) => write.op === 'put' && !versions.has(write.sk))
  if (lost.length > 0) throw conflict(lost)
  return writes.map((write) => versions.get(write.sk) ?? null)
}

function holds(write: Write, row: LockedRow | undefined): boolean {
  const expect = write.expect ?? 'anything'
  const alive = row !== undefined && !row.expired ? row : undefined
  if (expect === 'anything') return true
  if (expect === 'absent') return alive === undefined
  return alive !== undefined && String(alive.version) === expect.version
}

/** The version of each record that was put. */
async function apply(
  trx: Transaction<RecordSchema>,
  tenantId: TenantId,
  pk: string,
  writes: readonly Write[],
  texts: readonly (string | null)[],
  locked: ReadonlyMap<string, LockedRow>,
): Promise<ReadonlyMap<string, RecordVersion>> {
  const puts = writes.flatMap((write, index) =>
    write.op === 'put' ? [{ write, text: texts[index] ?? 'null' }] : [],
  )
  const deleted = writes.filter((write) => write.op === 'delete').map((write) => write.sk)
  const overwritable = puts
    .filter(({ write }) => locked.has(write.sk) || (write.expect ?? 'anything') === 'anything')
    .map(({ write }) => write.sk)
  const { rows } = await sql<{ sk: string; version: number }>`
    with put as (
      insert into record (tenant_id, pk, sk, value, expires_at)
      select ${tenantId}, ${pk}, sk, value::jsonb, expires_at
      from unnest(
        ${puts.map(({ write }) => write.sk)}::text[],
        ${puts.map(({ text }) => text)}::text[],
        ${puts.map(({ write }) => write.expiresAt?.toISOString() ?? null)}::timestamptz[]
      ) as incoming (sk, value, expires_at)
      order by sk collate "C"
      on conflict (tenant_id, pk, sk) do update
        set value = excluded.value, expires_at = excluded.expires_at,
            version = nextval('record_version')
        where excluded.sk = any(${overwritable}::text[])
      returning sk, version
    ), removed as (
      delete from record
      where tenant_id = ${tenantId} and pk = ${pk} and sk = any(${deleted}::text[])
    ), notified as (
      select pg_notify(${recordChannel}, ${wakeUpPayload(tenantId, pk)})
    )
    select sk, version from notified left join put on true`.execute(trx)
  return new Map(rows.map((row) => [row.sk, versionOf(row)]))
}

function indexesOf(writes: readonly Write[], test: (write: Write) => boolean): readonly number[] {
  return writes.flatMap((write, index) => (test(write) ? [index] : []))
}
