import type { ActorId } from '@heirloom/tenancy'
import { ensureActor, ensureTenant } from './ensure-tenant.js'
import type { Scope } from './scope.js'
import type { Tenant } from './tenant.js'
import type { User } from './user.js'
import { mayReadDirectory } from './visibility.js'

/** The caller's own tenant; any other id is unknown. */
export async function findTenant(scope: Scope, id: string): Promise<Tenant | null> {
  if (id !== scope.tenant.tenantId) return null
  const known = await scope.store.tenants.current()
  return known ?? scope.store.change((changes) => ensureTenant(scope, changes))
}

/**
 * Whoever may read anything in the tenant may see who wrote in it; everybody may see themselves,
 * even before they wrote anything.
 */
export async function findUsers(scope: Scope, ids: readonly ActorId[]): Promise<readonly User[]> {
  const self = scope.tenant.actor.id
  const visible = mayReadDirectory(scope) ? ids : ids.filter((id) => id === self)
  const known = await scope.store.users.byIds(visible)
  if (!ids.includes(self) || known.some((user) => user.id === self)) return known
  return [...known, await scope.store.change((changes) => ensureActor(scope, changes))]
}
