import { sql, type Kysely } from 'kysely'
import type { TenantId } from '@heirloom/tenancy'
import { entryColumns, linkHash, type EntryRow } from './entry.js'
import type { Finding } from './finding.js'

type LinkRow = { [Column in keyof EntryRow]: EntryRow[Column] | null } & {
  readonly position: number
  readonly sealed_entry_id: string
  readonly previous_hash: string | null
  readonly hash: string
}

/** Where a walk along a chain stands; before the first link at position 0. */
export interface Walk {
  readonly position: number
  /** Null before the first link alone. */
  readonly hash: string | null
}

export const startOfChain: Walk = { position: 0, hash: null }

export interface Step {
  readonly walk: Walk
  readonly links: number
  readonly findings: readonly Finding[]
}

/** Looks at the next links of a chain, at most `limit`; no links are the end of it. */
export async function stepAlong(
  db: Kysely<unknown>,
  tenantId: TenantId,
  from: Walk,
  limit: number,
): Promise<Step> {
  const { rows } = await sql<LinkRow>`
    select seal.position, seal.entry_id as sealed_entry_id, seal.previous_hash, seal.hash,
      ${entryColumns}
    from audit_seal as seal
    left join audit_entry as entry
      on entry.tenant_id = seal.tenant_id and entry.entry_id = seal.entry_id
    where seal.tenant_id = ${tenantId} and seal.position > ${from.position}
    order by seal.position
    limit ${limit}`.execute(db)
  let walk = from
  const findings: Finding[] = []
  for (const row of rows) {
    findings.push(...faultsOf(row, walk, tenantId))
    walk = { position: row.position, hash: row.hash }
  }
  return { walk, links: rows.length, findings }
}

/** What is wrong between the link and the one before it, and with the link itself. */
function faultsOf(row: LinkRow, before: Walk, tenantId: TenantId): readonly Finding[] {
  const { position, sealed_entry_id: entryId } = row
  const faults: Finding[] = []
  if (position !== before.position + 1) {
    const missing = { from: before.position + 1, to: position - 1 }
    faults.push({
      kind: 'LINK_REMOVED',
      tenantId,
      position: missing.from,
      message:
        missing.from === missing.to
          ? `there is no link ${missing.from}`
          : `there are no links ${missing.from} to ${missing.to}`,
    })
  } else if (row.previous_hash !== before.hash) {
    faults.push({
      kind: 'CHAIN_BROKEN',
      tenantId,
      position,
      entryId,
      message: `link ${position} was made for another link before it than is there now`,
    })
  }
  if (!isThere(row)) {
    faults.push({
      kind: 'ENTRY_REMOVED',
      tenantId,
      position,
      entryId,
      message: `the entry of link ${position} is gone`,
    })
  } else if (linkHash(row, position, row.previous_hash) !== row.hash) {
    faults.push({
      kind: 'ALTERED',
      tenantId,
      position,
      entryId,
      message: `what stands at link ${position} is not what was sealed there`,
    })
  }
  return faults
}

function isThere(row: LinkRow): row is LinkRow & EntryRow {
  return row.entry_id !== null
}
