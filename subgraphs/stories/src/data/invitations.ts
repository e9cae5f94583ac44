import type { Selectable } from 'kysely'
import type { TenantId } from '@heirloom/tenancy'
import type { InvitationReads, InvitationWrites } from '../domain/access-ports.js'
import type { AccessScope } from '../domain/access.js'
import type { Invitation } from '../domain/invitation.js'
import type { InvitationTable } from './schema.js'
import type { InTransaction, StoriesTransaction } from './transactions.js'

export function invitationReads(inTransaction: InTransaction): InvitationReads {
  return {
    byIds: async (ids) => {
      if (ids.length === 0) return []
      const rows = await inTransaction((trx) =>
        trx.selectFrom('invitation').selectAll().where('invitation_id', 'in', ids).execute(),
      )
      return rows.map(toInvitation)
    },

    page: async (scope, { limit, after }) => {
      const { legacyId, storyId } = idsOf(scope)
      const rows = await inTransaction((trx) =>
        trx
          .selectFrom('invitation')
          .selectAll()
          .where('legacy_id', legacyId === null ? 'is' : '=', legacyId)
          .where('story_id', storyId === null ? 'is' : '=', storyId)
          .$if(after !== undefined, (query) => query.where('invitation_id', '>', after ?? null))
          .orderBy('invitation_id')
          .limit(limit)
          .execute(),
      )
      return rows.map(toInvitation)
    },
  }
}

export function invitationWrites(trx: StoriesTransaction, tenantId: TenantId): InvitationWrites {
  return {
    insert: async (invitation, secretHash) => {
      const { legacyId, storyId } = idsOf(invitation.scope)
      await trx
        .insertInto('invitation')
        .values({
          tenant_id: tenantId,
          invitation_id: invitation.id,
          email: invitation.email,
          role: invitation.role,
          legacy_id: legacyId,
          story_id: storyId,
          secret_hash: secretHash,
          invited_by: invitation.invitedBy,
          created_at: invitation.createdAt,
          expires_at: invitation.expiresAt,
          accepted_by: null,
          accepted_at: null,
          revoked_at: null,
        })
        .execute()
    },

    lock: async (by) => {
      const row = await trx
        .selectFrom('invitation')
        .selectAll()
        .$if('id' in by, (query) => query.where('invitation_id', '=', 'id' in by ? by.id : null))
        .$if('secretHash' in by, (query) =>
          query.where('secret_hash', '=', 'secretHash' in by ? by.secretHash : null),
        )
        .forUpdate()
        .executeTakeFirst()
      return row === undefined ? null : toInvitation(row)
    },

    accept: async (id, by, now) => {
      await trx
        .updateTable('invitation')
        .set({ accepted_by: by, accepted_at: now })
        .where('invitation_id', '=', id)
        .execute()
    },

    revoke: async (id, now) => {
      await trx
        .updateTable('invitation')
        .set({ revoked_at: now })
        .where('invitation_id', '=', id)
        .execute()
    },

    revokeMadeBy: async (user, scope, now) => {
      const { legacyId, storyId } = idsOf(scope)
      await trx
        .updateTable('invitation')
        .set({ revoked_at: now })
        .where('invited_by', '=', user)
        .where('accepted_at', 'is', null)
        .where('revoked_at', 'is', null)
        .$if(legacyId !== null, (query) => query.where('legacy_id', '=', legacyId))
        .$if(storyId !== null, (query) => query.where('story_id', '=', storyId))
        .execute()
    },
  }
}

function idsOf(scope: AccessScope) {
  return {
    legacyId: scope.kind === 'tenant' ? null : scope.legacyId,
    storyId: scope.kind === 'story' ? scope.storyId : null,
  }
}

function toInvitation(row: Selectable<InvitationTable>): Invitation {
  return {
    id: row.invitation_id,
    email: row.email,
    role: row.role,
    scope: scopeOf(row),
    invitedBy: row.invited_by,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    acceptedBy: row.accepted_by,
    acceptedAt: row.accepted_at,
    revokedAt: row.revoked_at,
  }
}

function scopeOf({
  legacy_id: legacyId,
  story_id: storyId,
}: Selectable<InvitationTable>): AccessScope {
  if (legacyId === null) return { kind: 'tenant' }
  return storyId === null ? { kind: 'legacy', legacyId } : { kind: 'story', legacyId, storyId }
}
