import type { Role } from '@heirloom/tenancy'
import { ensureActor, ensureTenant } from './ensure-tenant.js'
import type { Scope } from './scope.js'
import type { Tenant } from './tenant.js'
import type { User } from './user.js'

export interface Viewer {
  readonly tenant: Tenant
  readonly user: User
  readonly roles: readonly Role[]
}

/** Who asks; makes tenant and user known when they were not. */
export async function viewViewer(scope: Scope): Promise<Viewer> {
  return scope.store.change(async (changes) => ({
    tenant: await ensureTenant(scope, changes),
    user: await ensureActor(scope, changes),
    roles: scope.tenant.roles,
  }))
}
