import { sql, type Selectable } from 'kysely'
import type { ActorId, TenantId } from '@heirloom/tenancy'
import type { AccessReads, AccessWrites } from '../domain/access-ports.js'
import { effectiveRole, type AccessEntry, type AccessScope } from '../domain/access.js'
import type { LegacyId, StoryId } from '../domain/ids.js'
import type { MembershipTable } from './schema.js'
import type { InTransaction, StoriesTransaction } from './transactions.js'

export function accessReads(inTransaction: InTransaction): AccessReads {
  return {
    version: () => inTransaction(readVersion),

    // In this order: a change between the two shows up as a version that is too old.
    ofUser: (user) =>
      inTransaction(async (trx) => {
        const version = await readVersion(trx)
        const member = await trx
          .selectFrom('membership')
          .selectAll()
          .where('user_id', '=', user)
          .executeTakeFirst()
        const grants = await trx
          .selectFrom('role_grant')
          .select(['legacy_id', 'story_id', 'role'])
          .where('user_id', '=', user)
          .execute()
        return {
          version,
          membership: member === undefined ? null : toMembership(member),
          legacies: Object.fromEntries(
            grants.flatMap((row) => (row.story_id === null ? [[row.legacy_id, row.role]] : [])),
          ),
          stories: Object.fromEntries(
            grants.flatMap(({ story_id: id, legacy_id: legacyId, role }) =>
              id === null ? [] : [[id, { legacyId, role }]],
            ),
          ),
        }
      }),

    page: (scope, { limit, after }) =>
      inTransaction(async (trx) => {
        if (scope.kind === 'tenant') {
          const rows = await trx
            .selectFrom('membership')
            .selectAll()
            .where('removed', '=', false)
            .where((eb) =>
              eb.or([eb('granted_role', 'is not', null), eb('provider_role', 'is not', null)]),
            )
            .$if(after !== undefined, (query) => query.where('user_id', '>', after ?? null))
            .orderBy('user_id')
            .limit(limit)
            .execute()
          return rows.flatMap((row) => toEntry(row, scope))
        }
        const rows = await trx
          .selectFrom('role_grant')
          .selectAll()
          .where('scope_id', '=', scopeId(scope))
          .$if(after !== undefined, (query) => query.where('user_id', '>', after ?? null))
          .orderBy('user_id')
          .limit(limit)
          .execute()
        return rows.map((row): AccessEntry => ({
          userId: row.user_id,
          role: row.role,
          scope,
          source: 'GRANTED',
          changedAt: row.granted_at,
        }))
      }),
  }
}

export function accessWrites(trx: StoriesTransaction, tenantId: TenantId): AccessWrites {
  return {
    lock: async () => {
      await trx
        .updateTable('tenant')
        .set({ access_version: sql`access_version + 1` })
        .execute()
    },

    recordProviderRole: async (user, role, now) => {
      await trx
        .insertInto('membership')
        .values({
          tenant_id: tenantId,
          user_id: user,
          provider_role: role,
          granted_role: null,
          changed_by: null,
          changed_at: now,
        })
        .onConflict((conflict) =>
          conflict
            .columns(['tenant_id', 'user_id'])
            .doUpdateSet({ provider_role: role, changed_at: now })
            .where(sql<boolean>`membership.provider_role is distinct from ${role}`),
        )
        .execute()
    },

    setRole: async (user, scope, role, by, now) => {
      if (scope.kind === 'tenant')
        return writeMember(user, { granted_role: role, removed: false }, by, now)
      await trx
        .insertInto('role_grant')
        .values({
          tenant_id: tenantId,
          user_id: user,
          scope_id: scopeId(scope),
          legacy_id: scope.legacyId,
          story_id: scope.kind === 'story' ? scope.storyId : null,
          role,
          granted_by: by,
          granted_at: now,
        })
        .onConflict((conflict) =>
          conflict
            .columns(['tenant_id', 'user_id', 'scope_id'])
            .doUpdateSet({ role, granted_by: by, granted_at: now }),
        )
        .execute()
    },

    removeRole: async (user, scope, by, now) => {
      if (scope.kind === 'tenant')
        return writeMember(user, { granted_role: null, removed: true }, by, now)
      await trx
        .deleteFrom('role_grant')
        .where('user_id', '=', user)
        .where('scope_id', '=', scopeId(scope))
        .execute()
    },

    countOwners: async () => {
      const row = await trx
        .selectFrom('membership')
        .select((eb) => eb.fn.countAll<string>().as('owners'))
        .where('removed', '=', false)
        .where(sql<boolean>`coalesce(granted_role, provider_role) = 'owner'`)
        .executeTakeFirstOrThrow()
      return Number(row.owners)
    },
  }

  async function writeMember(
    user: ActorId,
    said: Pick<Selectable<MembershipTable>, 'granted_role' | 'removed'>,
    by: ActorId,
    now: Date,
  ): Promise<void> {
    const change = { ...said, changed_by: by, changed_at: now }
    await trx
      .insertInto('membership')
      .values({ tenant_id: tenantId, user_id: user, provider_role: null, ...change })
      .onConflict((conflict) => conflict.columns(['tenant_id', 'user_id']).doUpdateSet(change))
      .execute()
  }
}

// Row-level security leaves the one row of the tenant that the transaction is bound to.
async function readVersion(trx: StoriesTransaction): Promise<number> {
  const row = await trx.selectFrom('tenant').select('access_version').executeTakeFirst()
  return Number(row?.access_version ?? 0)
}

function toMembership(row: Selectable<MembershipTable>) {
  return { providerRole: row.provider_role, grantedRole: row.granted_role, removed: row.removed }
}

function toEntry(row: Selectable<MembershipTable>, scope: AccessScope): AccessEntry[] {
  const role = effectiveRole(toMembership(row))
  if (role === null) return []
  const source = row.granted_role === null ? 'PROVIDER' : 'GRANTED'
  return [{ userId: row.user_id, role, scope, source, changedAt: row.changed_at }]
}

function scopeId(scope: Exclude<AccessScope, { kind: 'tenant' }>): LegacyId | StoryId {
  return scope.kind === 'story' ? scope.storyId : scope.legacyId
}
