import { describe, expect, it } from 'vitest'
import {
  memberRoles,
  roles,
  tenantId,
  type ActorId,
  type Grants,
  type Role,
  type TenantContext,
} from '@heirloom/tenancy'
import { createAuthorizer } from './authorizer.js'
import { isVisible, storyVisibility, type StoryFacts } from './story-visibility.js'
import { storyLevels, storyStates } from './vocabulary.js'

const home = tenantId('home')
const self = 'user-1'
const authorizer = createAuthorizer()
const none: Grants = { version: 1, legacies: {}, stories: {} }

function as(those: readonly Role[], grants: Grants = none): TenantContext {
  const actor = { kind: 'user', id: self as ActorId } as const
  return { tenantId: home, mode: 'saas', actor, roles: those, requestId: 'request-1', grants }
}

const everySetOfRoles = roles.reduce<readonly (readonly Role[])[]>(
  (sets, role) => [...sets, ...sets.map((set) => [...set, role])],
  [[]],
)
const someGrants: readonly Grants[] = [
  none,
  ...memberRoles.flatMap((role): readonly Grants[] => [
    { ...none, legacies: { l1: role } },
    { ...none, stories: { s1: { legacyId: 'l1', role } } },
    { ...none, legacies: { l1: role, l2: 'viewer' }, stories: { s3: { legacyId: 'l3', role } } },
  ]),
]
const everyStory: readonly StoryFacts[] = ['s1', 's2', 's3'].flatMap((storyId) =>
  ['l1', 'l2', 'l3'].flatMap((legacyId) =>
    [self, 'user-2'].flatMap((authorId) =>
      storyStates.flatMap((state) =>
        storyLevels.map((level) => ({ storyId, legacyId, authorId, state, level })),
      ),
    ),
  ),
)

describe('which stories somebody sees in lists', () => {
  const published = { states: ['PUBLISHED'], levels: ['TENANT'] }
  it.each([
    [[], []],
    [['operator'], []],
    [['viewer'], [published]],
    [['contributor'], [published, { authorId: self }]],
    [['editor'], [{}]],
    [['owner'], [{}]],
  ] as const)('as %j: %j', (those, visibility) => {
    expect(storyVisibility(authorizer, as(those))).toEqual(visibility)
  })

  it('with roles below the tenant: some more', () => {
    const grants: Grants = {
      ...none,
      legacies: { l1: 'editor', l2: 'viewer', l3: 'viewer' },
      stories: { s1: { legacyId: 'l4', role: 'viewer' } },
    }
    expect(storyVisibility(authorizer, as(['viewer'], grants))).toEqual([
      published,
      { legacyIds: ['l1'] },
      { legacyIds: ['l2', 'l3'], states: ['PUBLISHED'], levels: ['LEGACY', 'TENANT'] },
      { storyIds: ['s1'], states: ['DRAFT', 'IN_REVIEW', 'PUBLISHED', 'REJECTED'] },
    ])
  })

  it.each(everySetOfRoles.map((set) => [set.join('+') || 'nobody', set] as const))(
    'are exactly those that the policies let them read: %s',
    (_title, set) => {
      for (const grants of someGrants) {
        const context = as(set, grants)
        const visibility = storyVisibility(authorizer, context)
        for (const story of everyStory) {
          const { state, ...facts } = story
          const resource = { kind: 'Story', tenantId: home, status: state, ...facts } as const
          expect([grants, story, isVisible(visibility, story)]).toEqual([
            grants,
            story,
            authorizer.allows(context, 'story:read', resource),
          ])
        }
      }
    },
  )
})
