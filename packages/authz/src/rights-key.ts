import type { Role, TenantContext } from '@heirloom/tenancy'

/**
 * Roles whose holders see the same as everybody else who holds them. Not among them: `contributor`,
 * whose policies compare author and reader, so that each sees drafts of their own; and `operator`,
 * who is no member of the tenant, and of its users sees nobody but themselves.
 */
const sharedRoles: readonly Role[] = ['viewer', 'editor', 'owner']
const personalRoles: readonly Role[] = ['contributor']

/**
 * Two callers with the same key get the same decision about every object, and may be handed the
 * same copy of what was read for one of them. Where a decision depends on who asks, and not on
 * their roles alone, the actor is part of the key.
 */
export function rightsKey(context: TenantContext): string {
  const { tenantId, mode, projectId, surfaceId, actor, roles } = context
  const sorted = [...new Set(roles)].toSorted()
  const who = isShared(roles) ? null : actor.id
  return JSON.stringify([tenantId, mode, projectId, surfaceId, actor.kind, who, sorted])
}

function isShared(roles: readonly Role[]): boolean {
  return (
    roles.some((role) => sharedRoles.includes(role)) &&
    !roles.some((role) => personalRoles.includes(role))
  )
}
