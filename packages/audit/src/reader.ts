import { sql, type RawBuilder, type SqlBool } from 'kysely'
import type { Authorizer } from '@heirloom/authz'
import { AppError } from '@heirloom/errors'
import type { TenantDatabase } from '@heirloom/postgres'
import { connection, decodeCursor, pageSize, type Connection } from '@heirloom/subgraph'
import { isUlid, type TenantContext } from '@heirloom/tenancy'
import { entryColumns, type EntryRow, type Outcome } from './entry.js'

/** An entry as its tenant's owners read it. */
export interface AuditEntry {
  readonly id: string
  readonly service: string
  readonly occurredAt: string
  readonly actor: string
  readonly plugin: string | null
  readonly roles: readonly string[]
  readonly action: string
  readonly resource: { readonly kind: string; readonly id: string | null }
  readonly outcome: Outcome
  readonly code: string | null
  readonly sourceIp: string | null
  readonly userAgent: string | null
  readonly correlationId: string
  /** Null while it waits for its place in the chain. */
  readonly seal: AuditSeal | null
}

export interface AuditSeal {
  readonly position: number
  readonly hash: string
  readonly previousHash: string | null
}

/** Every given field must match. */
export interface AuditQuery {
  readonly first?: number | null | undefined
  readonly after?: string | null | undefined
  readonly actor?: string | null | undefined
  readonly action?: string | null | undefined
  readonly resource?: string | null | undefined
  readonly outcome?: Outcome | null | undefined
  readonly from?: Date | null | undefined
  /** Exclusive. */
  readonly until?: Date | null | undefined
}

export interface AuditReader {
  /** Newest first. @throws AppError FORBIDDEN, INVALID_INPUT, CURSOR_INVALID */
  page(query: AuditQuery): Promise<Connection<AuditEntry>>
}

interface SealedRow extends EntryRow {
  readonly position: number | null
  readonly hash: string | null
  readonly previous_hash: string | null
}

/** The log of the caller's own tenant; row-level security hides every other. */
export function createAuditReader<Schema>(
  database: TenantDatabase<Schema>,
  tenant: TenantContext,
  authorizer: Authorizer,
): AuditReader {
  const { tenantId } = tenant
  return {
    page: async (query) => {
      authorizer.require(tenant, 'audit:read', { kind: 'Tenant', tenantId })
      const first = pageSize(query)
      const where = sql.join(conditions(query, entryAfter(query.after)), sql` and `)
      const rows = await database.transaction(async (trx) => {
        const found = await sql<SealedRow>`
          select ${entryColumns}, seal.position, seal.hash, seal.previous_hash
          from audit_entry as entry
          left join audit_seal as seal
            on seal.tenant_id = entry.tenant_id and seal.entry_id = entry.entry_id
          where entry.tenant_id = ${tenantId} and ${where}
          order by entry.entry_id desc
          limit ${first + 1}`.execute(trx)
        return found.rows
      })
      return connection(rows.map(entryOf), first, (entry) => entry.id)
    },
  }
}

function conditions(query: AuditQuery, after: string | undefined): RawBuilder<SqlBool>[] {
  const { actor, action, resource, outcome, from, until } = query
  return [
    sql<SqlBool>`true`,
    ...(after === undefined ? [] : [sql<SqlBool>`entry.entry_id < ${after}`]),
    ...given(actor, (value) => sql<SqlBool>`entry.actor = ${value}`),
    ...given(action, (value) => sql<SqlBool>`entry.action = ${value}`),
    ...given(resource, (value) => sql<SqlBool>`entry.resource_id = ${value}`),
    ...given(outcome, (value) => sql<SqlBool>`entry.outcome = ${value}`),
    ...given(from, (at) => sql<SqlBool>`entry.occurred_at >= ${at.toISOString()}::timestamptz`),
    ...given(until, (at) => sql<SqlBool>`entry.occurred_at < ${at.toISOString()}::timestamptz`),
  ]
}

function given<Value>(
  value: Value | null | undefined,
  condition: (value: Value) => RawBuilder<SqlBool>,
): RawBuilder<SqlBool>[] {
  if (value === null || value === undefined) return []
  if (typeof value === 'string' && value.includes('\0')) return [sql<SqlBool>`false`]
  return [condition(value)]
}

function entryAfter(cursor: string | null | undefined): string | undefined {
  const position = decodeCursor(cursor)
  if (position === undefined || isUlid(position)) return position
  throw new AppError('CURSOR_INVALID', 'this cursor belongs to another list')
}

function entryOf(row: SealedRow): AuditEntry {
  const { position, hash, previous_hash: previousHash } = row
  return {
    id: row.entry_id,
    service: row.service,
    occurredAt: row.occurred_at,
    actor: row.actor,
    plugin: row.plugin,
    roles: row.roles,
    action: row.action,
    resource: { kind: row.resource_kind, id: row.resource_id },
    outcome: row.outcome,
    code: row.code,
    sourceIp: row.source_ip,
    userAgent: row.user_agent,
    correlationId: row.correlation_id,
    seal: position === null || hash === null ? null : { position, hash, previousHash },
  }
}
