import { CompiledQuery, type Transaction } from 'kysely'
import type { Migrations, Statement, TenantDatabase } from '@heirloom/postgres'
import { createIds, type NewId, type TenantContext } from '@heirloom/tenancy'
import type { Outcome } from './entry.js'

/** The tables of the log, for the migration list of every service that has one. */
export const auditMigrations: Migrations = {
  prefix: 'audit',
  directory: new URL('../migrations/', import.meta.url),
}

/** What somebody did, or tried to do. */
export interface Deed {
  /** One of the actions of packages/authz, or the name of a mutation that has none. */
  readonly action: string
  readonly resource: { readonly kind: string; readonly id?: string | null | undefined }
}

export interface AuditWriter {
  /** Tells of a write in its own transaction: both commit, or neither does. Takes no lock. */
  record<Schema>(trx: Transaction<Schema>, context: TenantContext, deed: Deed): Promise<void>
  /**
   * Tells of what has no transaction of its own here, in one round trip.
   * @throws AppError BACKEND_UNAVAILABLE, TIMEOUT
   */
  tell<Schema>(
    database: TenantDatabase<Schema>,
    context: TenantContext,
    deed: Deed,
    outcome: ToldOutcome,
  ): Promise<void>
}

/** With the error code, where there is one. */
export type ToldOutcome =
  | { readonly kind: 'BEGUN'; readonly code?: undefined }
  | { readonly kind: 'DENIED' | 'FAILED'; readonly code: string }

export interface AuditWriterOptions {
  /** The service's name; part of what is sealed, so that no entry passes for another service's. */
  readonly service: string
  readonly newId?: NewId
  readonly now?: () => number
}

const maxTextLength = 256

/** Who and from where is read from the verified context of the request, and from nothing else. */
export function createAuditWriter(options: AuditWriterOptions): AuditWriter {
  const { service, now = Date.now } = options
  const newId = options.newId ?? createIds(now)

  function insertion(
    context: TenantContext,
    { action, resource }: Deed,
    outcome: Outcome,
    code: string | null = null,
  ): Statement {
    const { actor, source } = context
    const plugin = actor.kind === 'plugin' ? actor.id : context.plugin
    return {
      sql: insertEntry,
      parameters: [
        context.tenantId,
        newId(),
        service,
        new Date(now()),
        kept(`${actor.kind}:${actor.id}`),
        kept(plugin),
        context.roles,
        kept(action),
        resource.kind,
        kept(resource.id),
        outcome,
        code,
        kept(source?.ip),
        kept(source?.userAgent),
        kept(context.requestId),
      ],
    }
  }

  return {
    record: async (trx, context, deed) => {
      const { sql, parameters } = insertion(context, deed, 'DONE')
      await trx.executeQuery(CompiledQuery.raw(sql, [...parameters]))
    },
    tell: async (database, context, deed, outcome) => {
      const { kind, code = null } = outcome
      await database.batch([insertion(context, deed, kind, code)])
    },
  }
}

const insertEntry = `
  insert into audit_entry (tenant_id, entry_id, service, occurred_at, actor, plugin, roles,
    action, resource_kind, resource_id, outcome, code, source_ip, user_agent, correlation_id)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`

// Of a write that was denied, the client alone may have chosen the id. Postgres takes no NUL, and
// a lone surrogate would read back as another character than was sealed.
const notText = /[\p{Cc}\p{Cs}]/gu

function kept(text: string | null | undefined): string | null {
  if (text === null || text === undefined) return null
  return text.slice(0, maxTextLength).replace(notText, '\u{fffd}')
}
