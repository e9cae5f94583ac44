import type { AppError, ErrorCode } from '@heirloom/errors'
import { databaseError, type Database } from '@heirloom/postgres'
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

export type DeedsOfMutations = Readonly<Record<string, DeedOfMutation>>

export interface MutationAuditOptions<Schema> {
  readonly audit: AuditWriter
  readonly database: Database<Schema>
  /** By the mutation's name; one that is not named here is told by its name. */
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
  const { audit, database, deeds, logger } = options
  return {
    failed: async ({ tenant }, mutation, error) => {
      if (!deniedBy.includes(error.code)) return
      const deed = deedOf(mutation, deeds, error)
      try {
        await audit.deny(database.for(tenant.tenantId), tenant, deed, error.code)
      } catch (cause) {
        const err = databaseError(cause)
        logger.error({ err, deed, request_id: tenant.requestId }, 'a denial was not told')
      }
    },
  }
}

/** The same, for writes to stores that share no transaction with the log. */
export function auditAttempts<Schema>(
  options: MutationAuditOptions<Schema>,
): MutationObserver<RequestContext> {
  const { audit, database, deeds } = options
  return {
    ...auditDenials(options),
    begins: ({ tenant }, mutation) =>
      audit.begin(database.for(tenant.tenantId), tenant, deedOf(mutation, deeds)),
  }
}

function deedOf({ field, args }: Mutation, deeds: DeedsOfMutations, error?: AppError): Deed {
  const known = deeds[field]
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
