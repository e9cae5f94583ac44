import {
  legacyVisibility,
  storyVisibility,
  type LegacyVisibility,
  type Resource,
  type StoryVisibility,
} from '@heirloom/authz'
import type { TenantId } from '@heirloom/tenancy'
import type { LegacyId } from './ids.js'
import type { Scope } from './scope.js'
import type { Story } from './story.js'

/** Which stories the caller reads, as a filter that queries apply where they cut their pages. */
export function visibleStories({ authorizer, tenant }: Scope): StoryVisibility {
  return storyVisibility(authorizer, tenant)
}

/** Which legacies the caller reads, likewise. */
export function visibleLegacies({ authorizer, tenant }: Scope): LegacyVisibility {
  return legacyVisibility(authorizer, tenant)
}

export function mayReadLegacy({ authorizer, tenant }: Scope, legacyId: LegacyId): boolean {
  const { tenantId } = tenant
  return authorizer.allows(tenant, 'legacy:read', { kind: 'Legacy', tenantId, legacyId })
}

export function mayReadDirectory({ authorizer, tenant }: Scope): boolean {
  const { tenantId } = tenant
  return authorizer.allows(tenant, 'directory:read', { kind: 'Tenant', tenantId })
}

/** A story as the policies look at it. */
export function storyResource(story: Story, tenantId: TenantId): Resource {
  return {
    kind: 'Story',
    id: story.id,
    tenantId,
    legacyId: story.legacyId,
    storyId: story.id,
    authorId: story.authorId,
    status: story.state,
    level: story.level,
  }
}
