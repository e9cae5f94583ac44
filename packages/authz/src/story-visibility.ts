import type { TenantContext } from '@heirloom/tenancy'
import type { Authorizer } from './authorizer.js'
import type { Resource } from './vocabulary.js'

/** Which stories of the tenant somebody reads, as a filter that a query can apply. */
export type StoryVisibility = 'all' | 'published-and-own' | 'published' | 'none'

// No actor has this id: actor ids are ULIDs or names from a token, never empty.
const somebodyElse = ''

/**
 * Asks the policies about one story of each sort, so that a list's filter and the decision about
 * a single story cannot disagree.
 */
export function storyVisibility(authorizer: Authorizer, context: TenantContext): StoryVisibility {
  const reads = (authorId: string, status: NonNullable<Resource['status']>): boolean =>
    authorizer.allows(context, 'story:read', {
      kind: 'Story',
      tenantId: context.tenantId,
      authorId,
      status,
    })
  if (reads(somebodyElse, 'DRAFT')) return 'all'
  if (!reads(somebodyElse, 'PUBLISHED')) return 'none'
  return reads(context.actor.id, 'DRAFT') ? 'published-and-own' : 'published'
}
