import type { Changes } from './ports.js'
import type { Scope } from './scope.js'
import { userOf, type User } from './user.js'
import type { Tenant } from './tenant.js'

/** The tenant of the request; its row is made at first sight, named as its provider names it. */
export async function ensureTenant({ tenant, now }: Scope, changes: Changes): Promise<Tenant> {
  const name = tenant.tenantName ?? tenant.tenantId
  const known = await changes.tenants.current()
  if (known !== null) return known
  const seen: Tenant = { id: tenant.tenantId, name, createdAt: now() }
  await changes.tenants.insertIfNew(seen)
  return (await changes.tenants.current()) ?? seen
}

/**
 * The one who asks, as their token names them; whoever writes must be known first. Reads before
 * it writes, so that the requests of one actor do not queue for one row.
 */
export async function ensureActor(scope: Scope, changes: Changes): Promise<User> {
  const { actor } = scope.tenant
  await ensureTenant(scope, changes)
  const [known] = await changes.users.byIds([actor.id])
  const named = userOf(actor)
  if (
    known !== undefined &&
    (actor.name === undefined || known.displayName === named.displayName)
  ) {
    return known
  }
  await changes.users.upsert(named, scope.now())
  return named
}
