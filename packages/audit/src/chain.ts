import { sql, type Kysely, type Transaction } from 'kysely'
import type { TenantId } from '@heirloom/tenancy'
import { entryColumns, linkHash, type EntryRow } from './entry.js'

/** The last link of a tenant's chain; what was sealed up to it is fixed by its hash. */
export interface ChainHead {
  readonly tenantId: TenantId
  readonly position: number
  readonly hash: string
}

interface PendingRow extends EntryRow {
  readonly seq: number
}

// Any number that no other code of the project uses: "hl" and "au" in ASCII.
const lockClass = 0x686c
const lockObject = 0x6175

/** Held until the transaction ends: one sealer at a time writes to this database's chains. */
export async function lockChains<Schema>(trx: Transaction<Schema>): Promise<boolean> {
  const { rows } = await sql<{ locked: boolean }>`
    select pg_try_advisory_xact_lock(${lockClass}, ${lockObject}) as locked`.execute(trx)
  return rows[0]?.locked === true
}

/**
 * Seals the oldest waiting entries, at most `limit`; resolves to how many there were. The chains
 * must be locked by this transaction. An entry that was removed while it waited stays in the queue
 * as the proof of it.
 */
export async function sealPending<Schema>(
  trx: Transaction<Schema>,
  limit: number,
): Promise<number> {
  const { rows } = await sql<PendingRow>`
    select pending.seq, ${entryColumns}
    from audit_pending as pending
    join audit_entry as entry using (tenant_id, entry_id)
    order by pending.seq
    limit ${limit}`.execute(trx)
  if (rows.length === 0) return 0
  const tenants = [...new Set(rows.map((row) => row.tenant_id))]
  const heads = new Map((await readHeads(trx, tenants)).map((head) => [head.tenantId, head]))
  const links = rows.map((row) => {
    const head = heads.get(row.tenant_id)
    const position = (head?.position ?? 0) + 1
    const previousHash = head?.hash ?? null
    const hash = linkHash(row, position, previousHash)
    heads.set(row.tenant_id, { tenantId: row.tenant_id, position, hash })
    return sql`(${row.tenant_id}, ${position}, ${row.entry_id}, ${previousHash}, ${hash})`
  })
  await sql`insert into audit_seal (tenant_id, position, entry_id, previous_hash, hash)
    values ${sql.join(links)}`.execute(trx)
  await sql`delete from audit_pending where seq = any(${rows.map(({ seq }) => seq)})`.execute(trx)
  return rows.length
}

/** Of the tenants that have a chain. */
export async function readHeads<Schema>(
  db: Kysely<Schema>,
  tenants: readonly TenantId[],
): Promise<readonly ChainHead[]> {
  const { rows } = await sql<{ tenant_id: TenantId; position: number; hash: string }>`
    select head.tenant_id, head.position, head.hash
    from unnest(${tenants}::text[]) as tenant (id)
    cross join lateral (
      select tenant_id, position, hash from audit_seal
      where audit_seal.tenant_id = tenant.id
      order by position desc
      limit 1
    ) as head
    order by head.tenant_id`.execute(db)
  return rows.map((row) => ({ tenantId: row.tenant_id, position: row.position, hash: row.hash }))
}
