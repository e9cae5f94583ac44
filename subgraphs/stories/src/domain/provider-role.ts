import { strongest } from '@heirloom/tenancy'
import type { Changes } from './ports.js'
import type { Scope } from './scope.js'

/**
 * Keeps what the identity provider says of the caller, so that owners whom it names are counted
 * too. A token with grants carries what was made of it here, and no longer what the provider said.
 */
export async function recordProviderRole({ tenant, now }: Scope, changes: Changes): Promise<void> {
  if (tenant.grants !== undefined || tenant.actor.kind !== 'user') return
  const said = strongest(tenant.roles) ?? null
  const { membership } = await changes.access.ofUser(tenant.actor.id)
  if ((membership?.providerRole ?? null) === said) return
  await changes.access.recordProviderRole(tenant.actor.id, said, now())
}
