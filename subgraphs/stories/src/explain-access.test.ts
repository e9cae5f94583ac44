import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { TenantContext } from '@heirloom/tenancy'
import { testTenant, type GraphQLClient } from '@heirloom/testkit'
import { clientOf, member, setRole } from './testing/access-documents.js'
import {
  createLegacy,
  createStory,
  documents,
  startStoriesRig,
  type StoriesRig,
} from './testing/stories-rig.js'

const document = `query ($userId: ID!, $storyId: ID, $legacyId: ID, $action: String, $tenantId: ID) {
  explainAccess(
    userId: $userId, storyId: $storyId, legacyId: $legacyId, action: $action, tenantId: $tenantId
  ) { allowed reason policies { id description } others { id } facts { name value } }
}`

interface Explained {
  readonly allowed: boolean
  readonly reason: string
  readonly policies: readonly { readonly id: string; readonly description: string }[]
  readonly others: readonly { readonly id: string }[]
  readonly facts: readonly { readonly name: string; readonly value: string }[]
}

describe('the explanation of a decision', () => {
  let rig: StoriesRig
  let owner: TenantContext
  let asOwner: GraphQLClient
  let legacyId: string
  let storyId: string

  beforeAll(async () => {
    rig = await startStoriesRig()
  })
  afterAll(() => rig.close())
  beforeEach(async () => {
    owner = testTenant()
    asOwner = await clientOf(rig, owner)
    legacyId = await createLegacy(asOwner)
    storyId = (await createStory(asOwner, legacyId, { title: 'A secret title' })).id
  })

  async function explain(gql: GraphQLClient, of: TenantContext, more: object = {}) {
    const variables = { userId: of.actor.id, storyId, ...more }
    const { data, errors } = await gql<{ explainAccess: Explained }>(document, variables)
    return { explained: data?.explainAccess, code: errors?.[0]?.extensions?.code }
  }
  const factsOf = (explained: Explained | undefined) =>
    Object.fromEntries((explained?.facts ?? []).map(({ name, value }) => [name, value]))

  it('says why not, by whom else, and what was looked at', async () => {
    const ada = await member(rig, owner, ['viewer'])
    const { explained } = await explain(asOwner, ada)
    expect(explained).toMatchObject({
      allowed: false,
      reason: 'no policy permits it',
      policies: [],
    })
    expect(explained?.others.map(({ id }) => id)).toContain('members-read-published-stories')
    expect(factsOf(explained)).toEqual({
      user: ada.actor.id,
      'tenant.role': 'viewer',
      'tenant.providerRole': 'viewer',
      'tenant.grantedRole': 'none',
      'tenant.removed': 'false',
      legacy: legacyId,
      'legacy.role': 'none',
      'story.role': 'none',
      'story.author': 'somebody else',
      'story.state': 'DRAFT',
      'story.level': 'TENANT',
    })
    expect(JSON.stringify(explained)).not.toContain('secret title')
  })

  it('names the policy that permits, as the same question decides', async () => {
    const ada = await member(rig, owner)
    await setRole(asOwner, ada, 'viewer', { storyId })
    const { explained } = await explain(asOwner, ada)
    expect(explained).toMatchObject({ allowed: true, policies: [{ id: 'story-guests-read' }] })
    expect(explained?.reason).toBe(explained?.policies[0]?.description)
    const { data } = await (await clientOf(rig, ada))(documents.story, { id: storyId })
    expect(data).toMatchObject({ story: { id: storyId } })
    expect((await explain(asOwner, ada, { action: 'story:publish' })).explained?.allowed).toBe(
      false,
    )
    const legacy = await explain(asOwner, ada, { storyId: null, legacyId })
    expect(legacy.explained?.policies).toMatchObject([{ id: 'story-guests-read-around-it' }])
  })

  it('says that a story was deleted, or never was', async () => {
    await asOwner(documents.deleteStory, { input: { id: storyId, expectedRevision: 1 } })
    const { explained } = await explain(asOwner, owner)
    expect(explained).toMatchObject({ allowed: false, reason: expect.stringContaining('deleted') })
  })

  it.each(['editor', 'contributor', 'viewer'] as const)('is not for a %s', async (role) => {
    const other = await clientOf(rig, await member(rig, owner, [role]))
    expect((await explain(other, owner)).code).toBe('FORBIDDEN')
  })

  it('is for operators of the platform, about any tenant', async () => {
    const operator = await rig.as(testTenant({ roles: ['operator'] }))
    const { explained } = await explain(operator, owner, { tenantId: owner.tenantId })
    expect(explained).toMatchObject({ allowed: true, policies: [{ id: 'editors-edit' }] })
    expect(JSON.stringify(explained)).not.toContain('secret title')
  })

  it('is for no owner of another tenant, whom it tells nothing of what is there', async () => {
    const stranger = await clientOf(rig, testTenant())
    expect((await explain(stranger, owner, { tenantId: owner.tenantId })).code).toBe('FORBIDDEN')
    const { explained } = await explain(stranger, owner)
    expect(explained).toMatchObject({ allowed: false, policies: [] })
    expect(factsOf(explained)).not.toHaveProperty('story.state')
  })

  it.each([
    [{ action: 'story:burn' }],
    [{ storyId: null }],
    [{ tenantId: 'NOT A TENANT' }],
    [{ userId: '' }],
  ])('is refused for %j', async (more) => {
    expect((await explain(asOwner, owner, more)).code).toBe('INVALID_INPUT')
  })
})
