import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testTenant, type GraphQLClient } from '@heirloom/testkit'
import type { TenantContext } from '@heirloom/tenancy'
import {
  colleague,
  createLegacy,
  createStory,
  documents,
  publishStory,
  run,
  startStoriesRig,
  type StoriesRig,
  type StoryAnswer,
} from './testing/stories-rig.js'

let rig: StoriesRig
beforeAll(async () => {
  rig = await startStoriesRig()
})
afterAll(() => rig.close())

interface Archive {
  readonly tenant: TenantContext
  readonly legacyId: string
  readonly contributor: TenantContext
  /** By title: "own draft", "other draft" and "published". */
  readonly stories: readonly StoryAnswer[]
}

async function archive(): Promise<Archive> {
  const tenant = testTenant({ roles: ['editor'] })
  const contributor = colleague(tenant, 'contributor')
  const editor = await rig.as(tenant)
  const legacyId = await createLegacy(editor)
  const own = await createStory(await rig.as(contributor), legacyId, { title: 'own draft' })
  const other = await createStory(editor, legacyId, { title: 'other draft' })
  const published = await publishStory(
    editor,
    await createStory(editor, legacyId, { title: 'published' }),
  )
  return { tenant, legacyId, contributor, stories: [own, other, published] }
}

/** The titles that somebody gets on each of the ways to a story. */
async function seenBy(gql: GraphQLClient, { legacyId, stories }: Archive): Promise<unknown> {
  interface Titled {
    readonly title: string
  }
  interface Answer {
    readonly stories: { readonly nodes: readonly Titled[] }
    readonly legacy: { readonly stories: { readonly nodes: readonly Titled[] } } | null
    readonly _entities: readonly (Titled | null)[]
  }
  const byId = await Promise.all(
    stories.map(
      async ({ id }) => (await gql<{ story: Titled | null }>(documents.story, { id })).data,
    ),
  )
  const { data, errors } = await gql<Answer>(
    `query ($legacyId: ID!, $of: [_Any!]!) {
      stories { nodes { title } }
      legacy(id: $legacyId) { stories { nodes { title } } }
      _entities(representations: $of) { ... on Story { title } }
    }`,
    { legacyId, of: stories.map(({ id }) => ({ __typename: 'Story', id })) },
  )
  expect(errors).toBeUndefined()
  const titles = (found: readonly (Titled | null | undefined)[] | undefined): readonly string[] =>
    (found ?? []).flatMap((story) => story?.title ?? [])
  const ways = [
    titles(byId.map((answer) => answer?.story)),
    titles(data?.stories.nodes),
    titles(data?.legacy?.stories.nodes),
    titles(data?._entities),
  ]
  for (const way of ways) expect(way).toEqual(ways[0])
  return ways[0]
}

describe('on every way to it, a story is seen', () => {
  it('by a viewer only once it is published', async () => {
    const made = await archive()
    const gql = await rig.as(colleague(made.tenant, 'viewer'))
    expect(await seenBy(gql, made)).toEqual(['published'])
  })

  it('by a contributor as a draft only if it is their own', async () => {
    const made = await archive()
    const gql = await rig.as(made.contributor)
    expect(await seenBy(gql, made)).toEqual(['own draft', 'published'])
  })

  it.each(['editor', 'owner'] as const)('by an %s in any state', async (role) => {
    const made = await archive()
    const gql = await rig.as(colleague(made.tenant, role))
    expect(await seenBy(gql, made)).toEqual(['own draft', 'other draft', 'published'])
  })

  it('not at all by an operator, or without a role', async () => {
    const made = await archive()
    expect(await seenBy(await rig.as(colleague(made.tenant, 'operator')), made)).toEqual([])
    const nobody = { ...colleague(made.tenant, 'viewer'), roles: [] }
    expect(await seenBy(await rig.as(nobody), made)).toEqual([])
  })
})

describe('the revisions of a published story', () => {
  it('show a viewer nothing from before it was published', async () => {
    const { tenant, stories } = await archive()
    const id = stories[2]?.id
    interface Answer {
      readonly story: { readonly revisions: { readonly nodes: readonly { id: string }[] } }
    }
    const all = await (await rig.as(tenant))<Answer>(documents.story, { id })
    const revisions = all.data?.story.revisions.nodes ?? []
    expect(revisions).toMatchObject([{ number: 1 }, { number: 2 }])

    const viewer = await rig.as(colleague(tenant, 'viewer'))
    const seen = await viewer<Answer>(documents.story, { id })
    expect(seen.data?.story.revisions.nodes).toMatchObject([{ number: 2, status: 'PUBLISHED' }])
    const { data } = await viewer(
      'query ($of: [_Any!]!) { _entities(representations: $of) { ... on Revision { number } } }',
      { of: revisions.map((revision) => ({ __typename: 'Revision', id: revision.id })) },
    )
    expect(data).toEqual({ _entities: [null, { number: 2 }] })
  })
})

describe('a role that does not allow a change', () => {
  it.each([
    ['viewer', 'createLegacy'],
    ['contributor', 'createLegacy'],
    ['viewer', 'createStory'],
    ['operator', 'createStory'],
  ] as const)('is told so: %s, %s', async (role, mutation) => {
    const { tenant, legacyId } = await archive()
    const before = await rig.counts(tenant)
    const gql = await rig.as(colleague(tenant, role))
    const input = mutation === 'createLegacy' ? { title: 'A' } : { legacyId, title: 'A', body: 'B' }
    const { errors } = await gql(documents[mutation], { input })
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN', http_status: 403 } }])
    expect(await rig.counts(tenant)).toEqual(before)
  })

  it('is told so for a story it may read, and finds none that it may not', async () => {
    const { tenant, contributor, stories } = await archive()
    const [own, other, published] = stories
    const before = await rig.counts(tenant)
    const gql = await rig.as(contributor)
    const code = async (mutation: 'updateStory' | 'publishStory' | 'deleteStory', id = '') => {
      const change = mutation === 'updateStory' ? { body: 'mine' } : {}
      const answer = await gql(documents[mutation], {
        input: { id, expectedRevision: 1, ...change },
      })
      return answer.errors?.[0]?.extensions?.code
    }
    for (const mutation of ['updateStory', 'publishStory', 'deleteStory'] as const) {
      expect(await code(mutation, other?.id)).toBe('NOT_FOUND')
      expect(await code(mutation, published?.id)).toBe('FORBIDDEN')
    }
    expect(await code('publishStory', own?.id)).toBe('FORBIDDEN')
    expect(await rig.counts(tenant)).toEqual(before)

    const input = { id: own?.id, expectedRevision: 1, body: 'mine' }
    expect(await run(gql, documents.updateStory, input)).toMatchObject({ story: { revision: 2 } })
    const gone = { id: own?.id, expectedRevision: 2 }
    expect(await run(gql, documents.deleteStory, gone)).toEqual({
      __typename: 'DeleteStoryPayload',
      deletedStoryId: own?.id,
    })
  })
})
