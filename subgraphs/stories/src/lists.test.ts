import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testTenant, type GraphQLClient } from '@heirloom/testkit'
import {
  colleague,
  createLegacy,
  createStory,
  documents,
  publishStory,
  run,
  startStoriesRig,
  type StoriesRig,
} from './testing/stories-rig.js'

let rig: StoriesRig
beforeAll(async () => {
  rig = await startStoriesRig()
})
afterAll(() => rig.close())

interface Page {
  readonly nodes: readonly { readonly id: string; readonly title: string }[]
  readonly edges: readonly { readonly cursor: string; readonly node: { readonly id: string } }[]
  readonly pageInfo: { readonly endCursor: string | null; readonly hasNextPage: boolean }
}

const pageFields = `nodes { id title } edges { cursor node { id } } pageInfo { endCursor hasNextPage }`

async function stories(gql: GraphQLClient, args: Record<string, unknown> = {}): Promise<Page> {
  const { data, errors } = await gql<{ stories: Page }>(
    `query ($first: Int, $after: String, $filter: StoryFilter) {
      stories(first: $first, after: $after, filter: $filter) { ${pageFields} }
    }`,
    args,
  )
  if (errors !== undefined || !data) throw new Error(JSON.stringify(errors))
  return data.stories
}

describe('a list of stories', () => {
  it('pages over more than 100 in the order of creation, with inserts in between', async () => {
    const tenant = testTenant()
    const gql = await rig.as(tenant)
    const legacyId = await createLegacy(gql)
    const created = [...(await rig.addStories(tenant, legacyId, 105))]
    const seen: string[] = []
    let after: string | null = null
    for (let pages = 0; pages < 20; pages += 1) {
      const page: Page = await stories(gql, { first: 20, after })
      seen.push(...page.nodes.map((node) => node.id))
      expect(page.edges.map((edge) => edge.node.id)).toEqual(page.nodes.map((node) => node.id))
      expect(page.pageInfo.endCursor).toBe(page.edges.at(-1)?.cursor)
      if (!page.pageInfo.hasNextPage) break
      after = page.pageInfo.endCursor
      if (pages < 3) created.push((await createStory(gql, legacyId)).id)
    }
    expect(seen).toEqual(created)
    expect(seen).toHaveLength(108)
  })

  it('has an empty page with no cursor behind its end', async () => {
    const gql = await rig.as(testTenant())
    await createStory(gql, await createLegacy(gql))
    const { pageInfo } = await stories(gql)
    expect(await stories(gql, { after: pageInfo.endCursor })).toEqual({
      nodes: [],
      edges: [],
      pageInfo: { endCursor: null, hasNextPage: false },
    })
  })

  it('is filtered by every given field', async () => {
    const tenant = testTenant()
    const gql = await rig.as(tenant)
    const other = colleague(tenant, 'editor')
    const [smiths, millers] = [
      await createLegacy(gql, 'Smiths'),
      await createLegacy(gql, 'Millers'),
    ]
    const draft = await createStory(gql, smiths, { title: 'draft' })
    const published = await publishStory(gql, await createStory(gql, smiths, { title: 'public' }))
    await createStory(await rig.as(other), millers, { title: 'theirs' })
    const titles = async (filter: Record<string, unknown>): Promise<string[]> =>
      (await stories(gql, { filter })).nodes.map((node) => node.title)

    expect(await titles({ legacyId: smiths })).toEqual(['draft', 'public'])
    expect(await titles({ legacyId: smiths, status: 'DRAFT' })).toEqual(['draft'])
    expect(await titles({ authorId: other.actor.id })).toEqual(['theirs'])
    expect(await titles({ authorId: other.actor.id, status: 'PUBLISHED' })).toEqual([])
    expect(await titles({ legacyId: null, status: null })).toEqual(['draft', 'public', 'theirs'])
    const { data } = await gql<Record<'a' | 'b', { createdAt: string }>>(
      `{ a: story(id: "${draft.id}") { createdAt } b: story(id: "${published.id}") { createdAt } }`,
    )
    expect(await titles({ createdAfter: data?.a.createdAt })).not.toContain('draft')
    expect(await titles({ createdBefore: data?.b.createdAt })).not.toContain('public')
    expect(await titles({ createdBefore: '1900-01-01T00:00:00Z' })).toEqual([])
  })

  it.each([
    ['first: 0', 'INVALID_INPUT'],
    ['first: 101', 'INVALID_INPUT'],
    ['first: -1', 'INVALID_INPUT'],
    ['after: "not a cursor"', 'CURSOR_INVALID'],
    ['after: "YzE6bm90IGEgdWxpZA"', 'CURSOR_INVALID'],
  ])('refuses (%s) with %s', async (args, code) => {
    const gql = await rig.as(testTenant())
    for (const field of ['stories', 'legacies']) {
      const { errors } = await gql(`{ ${field}(${args}) { nodes { id } } }`)
      expect(errors).toMatchObject([{ extensions: { code } }])
    }
  })
})

describe('the lists inside an object', () => {
  it('page each legacy by itself', async () => {
    const gql = await rig.as(testTenant())
    for (const title of ['Smiths', 'Millers']) {
      const legacyId = await createLegacy(gql, title)
      for (const n of [1, 2, 3]) await createStory(gql, legacyId, { title: `${title} ${n}` })
    }
    const list = `query ($after: String) {
      legacies { nodes { title stories(first: 2, after: $after) { ${pageFields} } } }
    }`
    const { data } = await gql<{ legacies: { nodes: { title: string; stories: Page }[] } }>(list)
    expect(
      data?.legacies.nodes.map(({ stories: page }) => [
        page.nodes.map((node) => node.title),
        page.pageInfo.hasNextPage,
      ]),
    ).toEqual([
      [['Smiths 1', 'Smiths 2'], true],
      [['Millers 1', 'Millers 2'], true],
    ])
    const after = data?.legacies.nodes[1]?.stories.pageInfo.endCursor
    const next = await gql<typeof data>(list, { after })
    expect(
      next.data?.legacies.nodes.map(({ stories: page }) => page.nodes.map((node) => node.title)),
    ).toEqual([[], ['Millers 3']])
  })

  it('page the revisions of a story by number', async () => {
    const gql = await rig.as(testTenant())
    const { id } = await createStory(gql, await createLegacy(gql))
    for (let revision = 1; revision < 5; revision += 1) {
      await run(gql, documents.updateStory, { id, expectedRevision: revision, body: `${revision}` })
    }
    const list = `query ($id: ID!, $after: String) {
      story(id: $id) {
        revisions(first: 3, after: $after) { nodes { number } pageInfo { endCursor hasNextPage } }
      }
    }`
    interface Answer {
      readonly story: {
        readonly revisions: Pick<Page, 'pageInfo'> & { readonly nodes: readonly unknown[] }
      }
    }
    const first = await gql<Answer>(list, { id })
    expect(first.data?.story.revisions).toMatchObject({
      nodes: [{ number: 1 }, { number: 2 }, { number: 3 }],
      pageInfo: { hasNextPage: true },
    })
    const after = first.data?.story.revisions.pageInfo.endCursor
    expect((await gql<Answer>(list, { id, after })).data?.story.revisions).toMatchObject({
      nodes: [{ number: 4 }, { number: 5 }],
      pageInfo: { hasNextPage: false },
    })
  })

  it('are read together, however many objects they are inside of', async () => {
    const gql = await rig.as(testTenant())
    for (const title of ['Smiths', 'Millers', 'Brontës']) {
      const legacyId = await createLegacy(gql, title)
      await Promise.all([1, 2, 3, 4].map(() => createStory(gql, legacyId)))
    }
    const transactions = await rig.transactionsDuring(() =>
      gql(`{
        legacies {
          nodes {
            stories(first: 3) {
              nodes { legacy { title } author { displayName } revisions { nodes { author { id } } } }
            }
          }
        }
      }`),
    )
    // Legacies, their stories, then for all stories at once: legacies, authors, revisions.
    expect(transactions).toBe(5)
  })

  it('show what an earlier mutation of the same request wrote', async () => {
    const gql = await rig.as(testTenant())
    const legacyId = await createLegacy(gql)
    const { data } = await gql(
      `mutation ($input: CreateStoryInput!) {
        a: createStory(input: $input) { story { legacy { stories { nodes { id } } } } }
        b: createStory(input: $input) { story { legacy { stories { nodes { id } } } } }
      }`,
      { input: { legacyId, title: 'A', body: 'B' } },
    )
    const { a, b } = data as Record<'a' | 'b', { story: { legacy: { stories: Page } } }>
    expect(a.story.legacy.stories.nodes).toHaveLength(1)
    expect(b.story.legacy.stories.nodes).toHaveLength(2)
  })
})
