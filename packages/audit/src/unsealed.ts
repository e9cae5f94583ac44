import { sql, type Kysely } from 'kysely'
import type { TenantId } from '@heirloom/tenancy'
import type { Finding } from './finding.js'

export interface Unsealed {
  /** Entries that wait for their seal. */
  readonly waiting: number
  readonly findings: readonly Finding[]
}

/** So many of what nobody queued are named one by one. */
const namedAtMost = 100

/**
 * The entries of a tenant that have no link. Those in the queue are new, or the sealer is away;
 * the others were put in past it, or lost their links. What is queued and has no entry was removed
 * before it was sealed. One statement, and so one moment: a sealer at work changes nothing.
 */
export async function findUnsealed(
  db: Kysely<unknown>,
  tenantId: TenantId,
  patienceMs: number,
): Promise<Unsealed> {
  const { rows } = await sql<{ entry_id: string; is_there: boolean; late: boolean | null }>`
    select coalesce(entry.entry_id, pending.entry_id) as entry_id,
      entry.entry_id is not null as is_there,
      case when pending.seq is null then null
        else entry.occurred_at < now() - make_interval(secs => ${patienceMs / 1000}) end as late
    from (select * from audit_entry where tenant_id = ${tenantId}) as entry
    full join (select * from audit_pending where tenant_id = ${tenantId}) as pending
      using (tenant_id, entry_id)
    where not exists (
      select from audit_seal as seal
      where seal.tenant_id = ${tenantId}
        and seal.entry_id = coalesce(entry.entry_id, pending.entry_id))
    order by 1`.execute(db)
  const removed = rows.filter((row) => !row.is_there)
  const present = rows.filter((row) => row.is_there)
  const waiting = present.filter((row) => row.late !== null)
  const late = waiting.filter((row) => row.late === true)
  return {
    waiting: waiting.length,
    findings: [
      ...removed.slice(0, namedAtMost).map((row): Finding => ({
        kind: 'ENTRY_REMOVED',
        tenantId,
        entryId: row.entry_id,
        message: `the entry ${row.entry_id} was removed before it was sealed`,
      })),
      ...present
        .filter((row) => row.late === null)
        .slice(0, namedAtMost)
        .map((row): Finding => ({
          kind: 'NOT_QUEUED',
          tenantId,
          entryId: row.entry_id,
          message: `the entry ${row.entry_id} has no link and does not wait for one`,
        })),
      ...(late.length === 0 ? [] : [tooLate(tenantId, late.length)]),
    ],
  }
}

function tooLate(tenantId: TenantId, count: number): Finding {
  const message = `${count} ${count === 1 ? 'entry waits' : 'entries wait'} for the sealer for too long`
  return { kind: 'NOT_SEALED', tenantId, message }
}
