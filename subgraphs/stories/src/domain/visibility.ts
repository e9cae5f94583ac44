import { storyVisibility, type StoryVisibility } from '@heirloom/authz'
import type { Scope } from './scope.js'

/** Which stories the caller reads, as a filter that queries apply where they cut their pages. */
export function visibleStories({ authorizer, tenant }: Scope): StoryVisibility {
  return storyVisibility(authorizer, tenant)
}

export function mayReadLegacies({ authorizer, tenant }: Scope): boolean {
  return authorizer.allows(tenant, 'legacy:read', { kind: 'Legacy', tenantId: tenant.tenantId })
}
