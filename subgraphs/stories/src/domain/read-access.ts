import type { ActorId } from '@heirloom/tenancy'
import { withAccess, type AccessEntry } from './access.js'
import { findScope, type ScopeInput } from './access-scope.js'
import { ensureActor } from './ensure-tenant.js'
import type { Invitation } from './invitation.js'
import type { InvitationId } from './ids.js'
import type { Page } from './page.js'
import { recordProviderRole } from './provider-role.js'
import type { Scope } from './scope.js'
import type { TenantContext } from '@heirloom/tenancy'

export type ViewerAccess = Required<Pick<TenantContext, 'roles' | 'grants'>>

/** What the caller may do, as it is now and not as the token says. */
export async function viewAccess(scope: Scope): Promise<ViewerAccess> {
  const { tenant, store } = scope
  if (tenant.grants === undefined) {
    await store.change(async (changes) => {
      await ensureActor(scope, changes)
      await recordProviderRole(scope, changes)
    })
  }
  const { roles, grants } = withAccess(tenant, await store.access.ofUser(tenant.actor.id))
  return { roles, grants: grants ?? { version: 0, legacies: {}, stories: {} } }
}

/** Counts the changes of anybody's access in the tenant. */
export function accessVersion({ store }: Scope): Promise<number> {
  return store.access.version()
}

/** Who holds a role at exactly this scope. @throws AppError FORBIDDEN, NOT_FOUND */
export async function listAccess(
  scope: Scope,
  input: ScopeInput | null | undefined,
  page: Page<ActorId>,
): Promise<readonly AccessEntry[]> {
  const found = await findScope(scope, input, scope.store)
  scope.authorizer.require(scope.tenant, 'access:read', found.resource)
  return scope.store.access.page(found.scope, page)
}

/** Invitations to exactly this scope. @throws AppError FORBIDDEN, NOT_FOUND */
export async function listInvitations(
  scope: Scope,
  input: ScopeInput | null | undefined,
  page: Page<InvitationId>,
): Promise<readonly Invitation[]> {
  const found = await findScope(scope, input, scope.store)
  scope.authorizer.require(scope.tenant, 'access:read', found.resource)
  return scope.store.invitations.page(found.scope, page)
}
