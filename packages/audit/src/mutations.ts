import type { AppError, ErrorCode } from '@heirloom/errors'
import type { Database } from '@heirloom/postgres'
import type { Mutation, MutationObserver, RequestContext } from '@heirloom/subgraph'
import type { Logger } from '@heirloom/telemetry'
import type { AuditWriter, Deed } from './writer.js'

/** What a mutation does, by which a denied one is told. */
export interface DeedOfMutation {
  readonly action: string
  /** The kind of the resource that it is about, or inside which it makes something. */
  readonly kind: string
  /** The field of its input that names that resource. */
  readonly id?: string
}

/** By the mutation's name; null for one that is not told. */
export type DeedsOfMutations = Readonly<Record<string, DeedOfMutation | null>>

export interface MutationAuditOptions<Schema> {
  readonly audit: AuditWriter
  readonly database: Database<Schema>
  /** A mutation that is not named here is told by its own name. */
  readonly deeds: DeedsOfMutations
  readonly logger: Logger
}

/** What somebody may not see is as if it were not there: asking to change it is denied too. */
const deniedBy: readonly ErrorCode[] = ['FORBIDDEN', 'NOT_FOUND']

/**
 * Tells of every mutation that was denied. That it could not be told changes nothing for who was
 * denied, and is logged.
 */
export function auditDenials<Schema>(
  options: MutationAuditOptions<Schema>,
): MutationObserver<RequestContext> {
  return {
    failed: async (context, mutation, error) => {
      if (deniedBy.includes(error.code)) await tellEnd(options, context, mutation, error, 'DENIED')
    },
  }
}

/**
 * Tells of every mutation before it runs, and does not let it run when that cannot be told; then of
 * those that failed. For stores that share no transaction with the log.
 */
export function auditAttempts<Schema>(
  options: MutationAuditOptions<Schema>,
): MutationObserver<RequestContext> {
  const { audit, database, deeds } = options
  return {
    begins: async ({ tenant }, mutation) => {
      const deed = deedOf(mutation, deeds)
      if (deed === null) return
      await audit.tell(database.for(tenant.tenantId), tenant, deed, { kind: 'BEGUN' })
    },
    failed: (context, mutation, error) => {
      const kind = deniedBy.includes(error.code) ? 'DENIED' : 'FAILED'
      return tellEnd(options, context, mutation, error, kind)
    },
  }
}

async function tellEnd<Schema>(
  { audit, database, deeds, logger }: MutationAuditOptions<Schema>,
  { tenant }: RequestContext,
  mutation: Mutation,
  error: AppError,
  kind: 'DENIED' | 'FAILED',
): Promise<void> {
  const deed = deedOf(mutation, deeds, error)
  if (deed === null) return
  try {
    await audit.tell(database.for(tenant.tenantId), tenant, deed, { kind, code: error.code })
  } catch (err) {
    logger.error({ err, deed, request_id: tenant.requestId }, 'the audit log could not be told')
  }
}

function deedOf({ field, args }: Mutation, deeds: DeedsOfMutations, error?: AppError): Deed | null {
  const known = deeds[field]
  if (known === null) return null
  const refused = error?.details?.['action']
  const action = typeof refused === 'string' ? refused : (known?.action ?? field)
  const id = known?.id === undefined ? undefined : inputOf(args)[known.id]
  return {
    action,
    resource: { kind: known?.kind ?? 'Tenant', id: typeof id === 'string' ? id : null },
  }
}

function inputOf(args: Mutation['args']): Readonly<Record<string, unknown>> {
  const { input } = args
  return typeof input === 'object' && input !== null ? { ...input } : args
}
