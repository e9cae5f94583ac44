import type { ActorId } from '@heirloom/tenancy'
import type { Scope } from './scope.js'
import type { StoryStatus } from './story.js'

/** Which stories somebody may read, in a form that a query can filter by. */
export interface StoryVisibility {
  readonly published: boolean
  readonly drafts: 'all' | 'none' | { readonly of: ActorId }
}

/**
 * Asks the policies once for each kind of story instead of once for each story, so that pages
 * are filtered where they are cut. Holds as long as policies look at status and author alone.
 */
export function storyVisibility({ tenant, authorizer }: Scope): StoryVisibility {
  const mayRead = (status: StoryStatus, authorId?: ActorId): boolean =>
    authorizer.allows(tenant, 'story:read', {
      kind: 'Story',
      tenantId: tenant.tenantId,
      status,
      ...(authorId === undefined ? {} : { authorId }),
    })
  return {
    published: mayRead('PUBLISHED'),
    drafts: drafts(mayRead, tenant.actor.id),
  }
}

function drafts(
  mayRead: (status: StoryStatus, authorId?: ActorId) => boolean,
  self: ActorId,
): StoryVisibility['drafts'] {
  if (mayRead('DRAFT')) return 'all'
  return mayRead('DRAFT', self) ? { of: self } : 'none'
}

export function mayReadLegacies({ tenant, authorizer }: Scope): boolean {
  return authorizer.allows(tenant, 'legacy:read', { kind: 'Legacy', tenantId: tenant.tenantId })
}
