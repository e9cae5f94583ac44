import { describe, expect, it } from 'vitest'
import { roles, tenantId, type ActorId, type Role, type TenantContext } from '@heirloom/tenancy'
import { createAuthorizer } from './authorizer.js'
import { storyVisibility, type StoryVisibility } from './story-visibility.js'

const home = tenantId('home')
const authorizer = createAuthorizer()

function as(those: readonly Role[]): TenantContext {
  const actor = { kind: 'user', id: 'user-1' as ActorId } as const
  return { tenantId: home, mode: 'saas', actor, roles: those, requestId: 'request-1' }
}

/** What a list's filter lets through, written as the SQL would be. */
const shows: Record<StoryVisibility, (story: { own: boolean; published: boolean }) => boolean> = {
  all: () => true,
  'published-and-own': ({ own, published }) => published || own,
  published: ({ published }) => published,
  none: () => false,
}

const everySetOfRoles = roles.reduce<readonly (readonly Role[])[]>(
  (sets, role) => [...sets, ...sets.map((set) => [...set, role])],
  [[]],
)

describe('which stories somebody sees in lists', () => {
  it.each([
    [[], 'none'],
    [['operator'], 'none'],
    [['viewer'], 'published'],
    [['contributor'], 'published-and-own'],
    [['editor'], 'all'],
    [['owner'], 'all'],
  ] as const)('as %j: %s', (those, visibility) => {
    expect(storyVisibility(authorizer, as(those))).toBe(visibility)
  })

  it.each(everySetOfRoles.map((set) => [set.join('+') || 'nobody', set] as const))(
    'are exactly those that the policies let them read: %s',
    (_title, set) => {
      const context = as(set)
      const filter = shows[storyVisibility(authorizer, context)]
      for (const own of [true, false]) {
        for (const status of ['DRAFT', 'PUBLISHED'] as const) {
          const authorId = own ? context.actor.id : 'user-2'
          const story = { kind: 'Story', tenantId: home, authorId, status } as const
          expect(filter({ own, published: status === 'PUBLISHED' })).toBe(
            authorizer.allows(context, 'story:read', story),
          )
        }
      }
    },
  )
})
