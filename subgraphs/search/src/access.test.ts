import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { MemberRole, Role, TenantContext } from '@heirloom/tenancy'
import { graphqlClient, testKeys, testTenant } from '@heirloom/testkit'
import { found, search, startSearchRig, story, told, type SearchRig } from './testing/search-rig.js'

let rig: SearchRig
const author = testTenant({ roles: ['contributor'] })
const published = story({ title: 'Heron, published' })
const ownDraft = story({ title: 'Heron, own draft', state: 'DRAFT', authorId: author.actor.id })
const otherDraft = story({ title: 'Heron, draft of another', state: 'DRAFT' })

beforeAll(async () => {
  rig = await startSearchRig()
  await rig.announce([published, ownDraft, otherDraft].map((doc) => told(author, doc)))
  await rig.settled()
})
afterAll(() => rig.close())

const everything = [published, ownDraft, otherDraft]

describe('what somebody finds', () => {
  it.each<[Role, readonly (typeof published)[]]>([
    ['viewer', [published]],
    ['contributor', [published, ownDraft]],
    ['editor', everything],
    ['owner', everything],
  ])('as %s is what they may read, in hits and in the count alike', async (role, expected) => {
    const { data } = await search(await rig.as({ ...author, roles: [role] }), { query: 'heron' })
    expect(data?.searchStories.nodes.map((node) => node.story.id).toSorted()).toEqual(
      expected.map((doc) => doc.storyId).toSorted(),
    )
    expect(data?.searchStories.totalCount).toBe(expected.length)
  })

  it('as another contributor leaves out the drafts of the first', async () => {
    const other = testTenant({ tenantId: author.tenantId, roles: ['contributor'] })
    expect(other.actor.id).not.toBe(author.actor.id)
    expect(await found(await rig.as(other), 'heron')).toEqual([published.storyId])
  })

  it('without a role is refused', async () => {
    const { errors } = await search(await rig.as({ ...author, roles: [] }), { query: 'heron' })
    expect(errors?.[0]?.extensions?.code).toBe('FORBIDDEN')
  })
})

describe('what a role on a legacy or a story finds', () => {
  const legacyId = story().legacyId
  const docs = {
    all: story({ legacyId, title: 'Osprey for all' }),
    legacy: story({ legacyId, title: 'Osprey of the legacy', level: 'LEGACY' }),
    secret: story({ legacyId, title: 'Osprey in private', level: 'PRIVATE' }),
    review: story({ legacyId, title: 'Osprey under review', state: 'IN_REVIEW' }),
    hidden: story({ legacyId, title: 'Osprey hidden', state: 'HIDDEN' }),
    elsewhere: story({ title: 'Osprey elsewhere', level: 'LEGACY' }),
  }
  type Name = keyof typeof docs
  const held = (
    grants: Partial<NonNullable<TenantContext['grants']>>,
    roles: readonly Role[] = [],
    of = author,
  ) => ({ ...of, roles, grants: { version: 1, legacies: {}, stories: {}, ...grants } })
  const ofStory = (name: Name, role: MemberRole = 'viewer') => ({
    stories: { [docs[name].storyId]: { legacyId, role } },
  })
  beforeAll(async () => {
    await rig.announce(Object.values(docs).map((doc) => told(author, doc)))
    await rig.settled()
  })

  it.each<[string, TenantContext, readonly Name[]]>([
    ['no role', held({ legacies: { [story().legacyId]: 'viewer' } }), []],
    ['a member', held({}, ['viewer']), ['all']],
    ['a viewer of it', held({ legacies: { [legacyId]: 'viewer' } }), ['all', 'legacy']],
    [
      'an editor of it',
      held({ legacies: { [legacyId]: 'editor' } }),
      ['all', 'legacy', 'secret', 'review', 'hidden'],
    ],
    ['a guest of a private story', held(ofStory('secret')), ['secret']],
    ['a guest of a story under review', held(ofStory('review')), ['review']],
    ['an owner of a hidden story', held(ofStory('hidden', 'owner')), []],
    ['a member and guest', held(ofStory('secret'), ['viewer']), ['all', 'secret']],
    ['an editor of the tenant', held({}, ['editor']), Object.keys(docs) as Name[]],
    [
      'an owner in another tenant',
      held({ legacies: { [legacyId]: 'owner' } }, [], testTenant()),
      [],
    ],
  ])('as %s', async (_title, reader, names) => {
    const expected = names.map((name) => docs[name].storyId).toSorted()
    expect((await found(await rig.as(reader), 'osprey')).toSorted()).toEqual(expected)
  })
})

describe('another tenant', () => {
  it('finds nothing, counts nothing, and gets nothing by the id of a legacy', async () => {
    const client = await rig.as(testTenant({ roles: ['owner'] }))
    expect(await found(client, 'heron')).toEqual([])
    const { data } = await search(client, { query: 'heron', legacyId: published.legacyId })
    expect(data?.searchStories).toMatchObject({ nodes: [], totalCount: 0 })
  })

  it("gets nothing by the first one's cursor", async () => {
    const editor = { ...author, roles: ['editor'] as const }
    const { data } = await search(await rig.as(editor), { query: 'heron', first: 1 })
    const after = data?.searchStories.pageInfo.endCursor ?? null
    const stranger = await rig.as(testTenant())
    expect((await search(stranger, { query: 'heron', after })).data?.searchStories).toMatchObject({
      nodes: [],
      totalCount: 0,
    })
  })

  it('cannot overwrite or remove a story by announcing its id', async () => {
    const stranger = testTenant()
    await rig.announce([told(stranger, { ...published, revision: 99, title: 'Taken over' })])
    await rig.settled()
    expect(await found(await rig.as(author), 'heron')).toContain(published.storyId)
    expect(await found(await rig.as(author), 'taken')).toEqual([])
  })
})

describe('a caller', () => {
  it('without a token gets 401', async () => {
    const answer = await search(graphqlClient(rig.url), { query: 'heron' })
    expect(answer.status).toBe(401)
    expect(answer.data).toBeUndefined()
  })

  it('with a token for another subgraph, an old one or one of other keys gets 401', async () => {
    const hourAgo = (): number => Date.now() - 3_600_000
    const tokens = [
      await rig.keys.token('stories', author),
      await rig.keys.token('search', author, hourAgo),
      await (await testKeys()).token('search', author),
      'eyJhbGciOiJub25lIn0.e30.',
    ]
    for (const token of tokens) {
      const answer = await search(graphqlClient(rig.url, token), { query: 'heron' })
      expect(answer.status).toBe(401)
      expect(answer.data).toBeUndefined()
    }
  })
})
