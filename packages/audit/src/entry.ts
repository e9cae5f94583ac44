import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { TenantId } from '@heirloom/tenancy'

/**
 * DONE committed with the write. BEGUN was written before a write to a store that shares no
 * transaction with the log: unless FAILED or DENIED follows in the same request, it happened, or
 * its process died meanwhile. DENIED changed nothing.
 */
export type Outcome = 'DONE' | 'BEGUN' | 'FAILED' | 'DENIED'

/** A row of audit_entry. */
export interface EntryRow {
  readonly tenant_id: TenantId
  readonly entry_id: string
  readonly service: string
  /** RFC 3339 in UTC with microseconds: all that the database keeps. */
  readonly occurred_at: string
  /** kind:id, for example user:01H… */
  readonly actor: string
  readonly plugin: string | null
  readonly roles: readonly string[]
  readonly action: string
  readonly resource_kind: string
  readonly resource_id: string | null
  readonly outcome: Outcome
  /** Why it was denied, or failed; null otherwise. */
  readonly code: string | null
  readonly source_ip: string | null
  readonly user_agent: string | null
  /** The id of the request. */
  readonly correlation_id: string
}

/** Selects an EntryRow from `audit_entry as entry`. */
export const entryColumns = sql`
  entry.tenant_id, entry.entry_id, entry.service,
  to_char(entry.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as occurred_at,
  entry.actor, entry.plugin, entry.roles, entry.action, entry.resource_kind, entry.resource_id,
  entry.outcome, entry.code, entry.source_ip, entry.user_agent, entry.correlation_id`

/**
 * The text whose SHA-256 seals an entry at its place: JSON in the canonical form of RFC 8785. All
 * names are here, in its order, and numbers are whole: JSON.stringify then writes just that form.
 */
export function canonicalLink(
  entry: EntryRow,
  position: number,
  previousHash: string | null,
): string {
  return JSON.stringify({
    entry: {
      action: entry.action,
      actor: entry.actor,
      code: entry.code,
      correlation_id: entry.correlation_id,
      entry_id: entry.entry_id,
      occurred_at: entry.occurred_at,
      outcome: entry.outcome,
      plugin: entry.plugin,
      resource_id: entry.resource_id,
      resource_kind: entry.resource_kind,
      roles: entry.roles,
      service: entry.service,
      source_ip: entry.source_ip,
      tenant_id: entry.tenant_id,
      user_agent: entry.user_agent,
    },
    position,
    previous_hash: previousHash,
  })
}

/** In lower-case hexadecimal. */
export function linkHash(entry: EntryRow, position: number, previousHash: string | null): string {
  return createHash('sha256')
    .update(canonicalLink(entry, position, previousHash))
    .digest('hex')
}
