import { AppError } from '@heirloom/errors'
import { isAtLeast, type ActorId, type MemberRole } from '@heirloom/tenancy'
import {
  effectiveRole,
  maxGrantsPerUser,
  mayGive,
  withAccess,
  type AccessEntry,
  type AccessScope,
  type UserAccess,
} from './access.js'
import { findScope, type ScopeInput } from './access-scope.js'
import { ensureActor } from './ensure-tenant.js'
import { userId } from './ids.js'
import type { Changes } from './ports.js'
import { recordProviderRole } from './provider-role.js'
import type { Scope } from './scope.js'

// Every change of access locks the tenant's row first, so that of two in one tenant the second
// sees what the first did: who changes access is asked for their rights as they are then, and the
// owners are counted after the change. So a tenant that has an owner keeps one, and nobody gives
// what was taken from them meanwhile. Whoever loses a role loses what they offered by it, too.

export interface SetRole {
  readonly userId: string
  readonly role: MemberRole
  readonly scope?: ScopeInput | null | undefined
}

export type RemoveRole = Omit<SetRole, 'role'>

/**
 * Gives a user a role at a scope, in place of the one they had there.
 * @throws AppError FORBIDDEN (also for more than the caller has), NOT_FOUND (user, legacy or
 *   story), LAST_OWNER, CONFLICT (too many roles)
 */
export async function setRole(scope: Scope, input: SetRole): Promise<AccessEntry> {
  return changeAccess(scope, async (current, changes) => {
    const { scope: at, resource } = await findScope(current, input.scope, changes)
    current.authorizer.require(current.tenant, 'access:write', resource)
    const user = await requireUser(input.userId, changes)
    requireGift(current, at, input.role)
    await requireChangeable(current, at, await changes.access.ofUser(user))
    return giveRole(current, changes, { user, at, role: input.role })
  })
}

/**
 * Takes a role at a scope away; everybody may give up their own. True when there was one.
 * @throws AppError FORBIDDEN, NOT_FOUND (user, legacy or story), LAST_OWNER
 */
export async function removeRole(scope: Scope, input: RemoveRole): Promise<boolean> {
  return changeAccess(scope, async (current, changes) => {
    const { scope: at, resource } = await findScope(current, input.scope, changes)
    const { tenant, authorizer } = current
    const isOwn = input.userId === tenant.actor.id
    if (!isOwn) authorizer.require(tenant, 'access:write', resource)
    const user = await requireUser(input.userId, changes)
    const held = heldAt(await changes.access.ofUser(user), at)
    if (held === null) return false
    if (!isOwn) requireGift(current, at, held)
    await changes.access.removeRole(user, at, tenant.actor.id, current.now())
    await changes.invitations.revokeMadeBy(user, at, current.now())
    await requireOwner(changes, at, held)
    await changes.record({ action: 'role:remove', kind: 'User', id: user })
    return true
  })
}

/** Runs `work` with the caller's rights as they are now, and with nobody changing any meanwhile. */
export async function changeAccess<T>(
  scope: Scope,
  work: (current: Scope, changes: Changes) => Promise<T>,
): Promise<T> {
  return scope.store.change(async (changes) => {
    await ensureActor(scope, changes)
    await changes.access.lock()
    const { tenant } = scope
    if (tenant.actor.kind !== 'user') return work(scope, changes)
    await recordProviderRole(scope, changes)
    const access = await changes.access.ofUser(tenant.actor.id)
    return work({ ...scope, tenant: withAccess(tenant, access) }, changes)
  })
}

/** @throws AppError LAST_OWNER, CONFLICT when the user has too many roles */
export async function giveRole(
  { tenant, now }: Scope,
  changes: Changes,
  { user, at, role }: { user: ActorId; at: AccessScope; role: MemberRole },
): Promise<AccessEntry> {
  const access = await changes.access.ofUser(user)
  const before = heldAt(access, at)
  if (at.kind !== 'tenant' && before === null && grantCount(access) >= maxGrantsPerUser) {
    throw new AppError(
      'CONFLICT',
      `a user holds at most ${maxGrantsPerUser} roles on legacies and stories`,
    )
  }
  const changedAt = now()
  await changes.access.setRole(user, at, role, tenant.actor.id, changedAt)
  if (before !== null && !isAtLeast(role, before)) {
    await changes.invitations.revokeMadeBy(user, at, changedAt)
  }
  await requireOwner(changes, at, before)
  await changes.record({ action: 'role:set', kind: 'User', id: user })
  return { userId: user, role, scope: at, source: 'GRANTED', changedAt }
}

export function heldAt(access: UserAccess, at: AccessScope): MemberRole | null {
  if (at.kind === 'tenant') return effectiveRole(access.membership)
  if (at.kind === 'legacy') return access.legacies[at.legacyId] ?? null
  return access.stories[at.storyId]?.role ?? null
}

/** @throws AppError FORBIDDEN */
export function requireGift({ tenant }: Scope, at: AccessScope, role: MemberRole): void {
  if (mayGive(tenant, at, role)) return
  throw new AppError('FORBIDDEN', `you cannot give or take the role ${role}: yours is less`, {
    details: { action: 'access:write', role },
  })
}

/** Whoever has more than the caller is not the caller's to change. */
async function requireChangeable(scope: Scope, at: AccessScope, access: UserAccess): Promise<void> {
  const held = heldAt(access, at)
  if (held !== null) requireGift(scope, at, held)
}

/** @throws AppError LAST_OWNER when an owner was changed and no owner is left */
async function requireOwner(
  changes: Changes,
  at: AccessScope,
  before: MemberRole | null,
): Promise<void> {
  if (at.kind !== 'tenant' || before !== 'owner') return
  if ((await changes.access.countOwners()) > 0) return
  throw new AppError('LAST_OWNER', 'a tenant keeps an owner: make somebody else one first')
}

async function requireUser(text: string, changes: Changes): Promise<ActorId> {
  const id = userId(text)
  const [user] = id === null ? [] : await changes.users.byIds([id])
  if (user !== undefined) return user.id
  throw new AppError('NOT_FOUND', `there is no user with the id "${text.slice(0, 64)}"`)
}

function grantCount({ legacies, stories }: UserAccess): number {
  return Object.keys(legacies).length + Object.keys(stories).length
}
