import { sql, type Transaction } from 'kysely'
import type { Scope } from '../../documents/ids.js'
import type { ChangeType, StoredDocument } from '../../documents/stored.js'
import { placeColumns } from './rows.js'
import type { DocumentSchema } from './schema.js'
import { documentChannel, wakeUpPayload } from './wake-ups.js'

/** One change in so many looks for what is too old to keep. */
const trimEvery = 256

/** Appends as the last step of a transaction: from here to the commit the database's head is locked. */
export async function appendChange(
  trx: Transaction<DocumentSchema>,
  scope: Scope,
  type: ChangeType,
  document: StoredDocument,
  { changeRetentionMs, now }: { readonly changeRetentionMs: number; readonly now: () => number },
): Promise<void> {
  const { tenant, database } = scope
  const at = now()
  const { rows } = await sql<{ position: number }>`
    insert into document_head (tenant_id, database, position) values (${tenant}, ${database}, 1)
    on conflict (tenant_id, database) do update set position = document_head.position + 1
    returning position`.execute(trx)
  const position = rows[0]?.position ?? 0
  const data = type === 'deleted' ? {} : document.data
  await sql`
    insert into document_change (tenant_id, database, position, type, at, ${placeColumns})
    values (${tenant}, ${database}, ${position}, ${type}, ${new Date(at)}, ${document.id},
      ${document.fullpath}, ${document.collection}, ${document.collectionHash}, ${document.shape},
      ${document.parent}, ${document.version}, ${document.createdAt}, ${document.updatedAt},
      ${JSON.stringify(data)})`.execute(trx)
  if (position % trimEvery === 0) await trim(trx, scope, new Date(at - changeRetentionMs))
  await sql`select pg_notify(${documentChannel}, ${wakeUpPayload(scope)})`.execute(trx)
}

/** Drops a prefix of the log, and says so in the head: a reader behind it is told, never misled. */
async function trim(
  trx: Transaction<DocumentSchema>,
  { tenant, database }: Scope,
  before: Date,
): Promise<void> {
  await sql`
    with kept as (
      select coalesce(min(position) filter (where at >= ${before}), max(position)) as first
      from document_change where tenant_id = ${tenant} and database = ${database}
    ), gone as (
      delete from document_change using kept
      where tenant_id = ${tenant} and database = ${database} and position < kept.first
      returning position
    )
    update document_head set trimmed = greatest(trimmed, (select coalesce(max(position), 0) from gone))
    where tenant_id = ${tenant} and database = ${database}`.execute(trx)
}
