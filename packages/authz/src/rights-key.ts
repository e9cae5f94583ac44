import type { Grants, Role, TenantContext } from '@heirloom/tenancy'

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
  const held = heldBelowTenant(context.grants)
  const who = isShared(roles) && held === null ? null : actor.id
  return JSON.stringify([tenantId, mode, projectId, surfaceId, actor.kind, who, sorted, held])
}

/** Whoever holds roles below the tenant shares with nobody. */
function heldBelowTenant(grants: Grants | undefined): unknown {
  const entries = [
    ...Object.entries(grants?.legacies ?? {}),
    ...Object.entries(grants?.stories ?? {}),
  ]
  return entries.length === 0 ? null : entries.toSorted(([a], [b]) => (a < b ? -1 : 1))
}

function isShared(roles: readonly Role[]): boolean {
  return (
    roles.some((role) => sharedRoles.includes(role)) &&
    !roles.some((role) => personalRoles.includes(role))
  )
}
