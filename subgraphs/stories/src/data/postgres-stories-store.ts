import type { AuditWriter, Deed } from '@heirloom/audit'
import { writeOutbox, type CreateEvent } from '@heirloom/events'
import { idempotent, type TenantDatabase } from '@heirloom/postgres'
import type { TenantContext } from '@heirloom/tenancy'
import type { Changes, Reads, StoriesStore } from '../domain/ports.js'
import { accessReads, accessWrites } from './access.js'
import { tenantReads, tenantWrites, userReads, userWrites } from './directory.js'
import { invitationReads, invitationWrites } from './invitations.js'
import { legacyReads, legacyWrites } from './legacies.js'
import { revisionReads, revisionWrites } from './revisions.js'
import type { StoriesDatabase } from './schema.js'
import { storyReads, storyWrites } from './stories.js'
import type { InTransaction, StoriesTransaction } from './transactions.js'

/**
 * The stories store on Postgres. Row-level security, bound by the transaction, keeps tenants
 * apart: no query here names the tenant to read. `lock` is `select … for update`; `announce`
 * writes the outbox row, `once` the idempotency row and the audit entry, and `record` the audit
 * entry, of the same transaction.
 */
export function createPostgresStoriesStore(
  database: TenantDatabase<StoriesDatabase>,
  context: TenantContext,
  createEvent: CreateEvent,
  audit: AuditWriter,
): StoriesStore {
  return {
    ...reads((work) => database.transaction(work)),
    change: (work) =>
      database.transaction((trx) => work(changes(trx, context, createEvent, audit))),
  }
}

function reads(inTransaction: InTransaction): Reads {
  return {
    tenants: tenantReads(inTransaction),
    users: userReads(inTransaction),
    legacies: legacyReads(inTransaction),
    stories: storyReads(inTransaction),
    revisions: revisionReads(inTransaction),
    access: accessReads(inTransaction),
    invitations: invitationReads(inTransaction),
  }
}

function changes(
  trx: StoriesTransaction,
  context: TenantContext,
  createEvent: CreateEvent,
  audit: AuditWriter,
): Changes {
  const { tenantId, actor } = context
  const read = reads((work) => work(trx))
  return {
    tenants: { ...read.tenants, ...tenantWrites(trx) },
    users: { ...read.users, ...userWrites(trx, tenantId) },
    legacies: { ...read.legacies, ...legacyWrites(trx, tenantId) },
    stories: { ...read.stories, ...storyWrites(trx, context) },
    revisions: { ...read.revisions, ...revisionWrites(trx, tenantId) },
    access: { ...read.access, ...accessWrites(trx, tenantId) },
    invitations: { ...read.invitations, ...invitationWrites(trx, tenantId) },
    announce: (event) => writeOutbox(trx, [createEvent(context, event)]),
    once: (request, work) =>
      idempotent(trx, { tenantId, actorId: actor.id, ...request }, async () => {
        const id = await work()
        await audit.record(trx, context, deedOf(request.operation, id))
        return id
      }),
    record: ({ action, kind, id }) =>
      audit.record(trx, context, { action, resource: { kind, id } }),
  }
}

/** An operation is named after its action, `story:update` for one, and resolves to what it changed. */
function deedOf(operation: string, id: string): Deed {
  const [kind = ''] = operation.split(':')
  return { action: operation, resource: { kind: kind.charAt(0).toUpperCase() + kind.slice(1), id } }
}
