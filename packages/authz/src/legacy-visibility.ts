import type { TenantContext } from '@heirloom/tenancy'
import type { Authorizer } from './authorizer.js'
import type { Action } from './vocabulary.js'

/** Legacies as a filter that a query can apply: all of the tenant, or those with these ids. */
export type LegacyVisibility = 'all' | readonly string[]

/** The legacies for which the policies allow an action, such as reading them or their people. */
export function legacyVisibility(
  authorizer: Authorizer,
  context: TenantContext,
  action: Action & (`legacy:${string}` | `person:${string}`) = 'legacy:read',
): LegacyVisibility {
  const { tenantId, grants } = context
  if (authorizer.allows(context, action, { kind: 'Legacy', tenantId })) return 'all'
  const known = new Set([
    ...Object.keys(grants?.legacies ?? {}),
    ...Object.values(grants?.stories ?? {}).map(({ legacyId }) => legacyId),
  ])
  return [...known].filter((legacyId) =>
    authorizer.allows(context, action, { kind: 'Legacy', tenantId, legacyId }),
  )
}
