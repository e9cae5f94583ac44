import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testTenant } from '@heirloom/testkit'
import {
  found,
  newId,
  search,
  startSearchRig,
  story,
  told,
  type SearchRig,
} from './testing/search-rig.js'

let rig: SearchRig
const editor = testTenant({ roles: ['editor'] })

beforeAll(async () => {
  rig = await startSearchRig()
})
afterAll(() => rig.close())

describe('searching stories', () => {
  it('finds words whatever their case and accents, in title and body', async () => {
    const tenant = testTenant({ roles: ['viewer'] })
    const inTitle = story({ title: 'Zoë et la FÊTE', body: 'Un été à Genève.' })
    const decomposed = story({ title: 'Cafe\u0301', body: 'nothing else' })
    await rig.announce([told(tenant, inTitle), told(tenant, decomposed)])
    await rig.settled()
    const client = await rig.as(tenant)
    for (const query of ['zoe', 'ZOË', 'fete', 'geneve', 'Genève été']) {
      expect(await found(client, query)).toEqual([inTitle.storyId])
    }
    expect(await found(client, 'café')).toEqual([decomposed.storyId])
  })

  it('joins words by AND, knows phrases, OR and -without', async () => {
    const tenant = testTenant()
    const north = story({ title: 'North', body: 'the long winter road to the north' })
    const south = story({ title: 'South', body: 'the road was long and the winter mild' })
    await rig.announce([told(tenant, north), told(tenant, south)])
    await rig.settled()
    const client = await rig.as(tenant)
    const sorted = async (query: string): Promise<readonly string[]> =>
      (await found(client, query)).toSorted()
    const both = [north.storyId, south.storyId].toSorted()
    expect(await sorted('winter road')).toEqual(both)
    expect(await sorted('"winter road"')).toEqual([north.storyId])
    expect(await sorted('mild OR north')).toEqual(both)
    expect(await sorted('winter -mild')).toEqual([north.storyId])
    expect(await sorted('winter summer')).toEqual([])
  })

  it('finds words on both sides of a slash, and in what looks like a tag', async () => {
    const tenant = testTenant()
    const doc = story({ title: 'By sea/land', body: 'a <note> was left' })
    await rig.announce([told(tenant, doc)])
    await rig.settled()
    const client = await rig.as(tenant)
    for (const query of ['sea', 'land', 'sea/land', 'note', '<note>']) {
      expect(await found(client, query)).toEqual([doc.storyId])
    }
  })

  it('puts a match in the title before a match in the body', async () => {
    const tenant = testTenant()
    const body = story({ title: 'A letter', body: 'about the lighthouse' })
    const title = story({ title: 'The lighthouse', body: 'about a letter' })
    await rig.announce([told(tenant, body), told(tenant, title)])
    await rig.settled()
    expect(await found(await rig.as(tenant), 'lighthouse')).toEqual([title.storyId, body.storyId])
  })

  it('searches one legacy when asked to', async () => {
    const tenant = testTenant()
    const [one, other] = [story(), story()]
    await rig.announce([told(tenant, one), told(tenant, other)])
    await rig.settled()
    const { data } = await search(await rig.as(tenant), { query: 'Bergen', legacyId: one.legacyId })
    expect(data?.searchStories.nodes.map((node) => node.story.id)).toEqual([one.storyId])
    expect(data?.searchStories.totalCount).toBe(1)
  })

  it('pages through equal and unequal scores without overlap or gap, with a steady total', async () => {
    const tenant = testTenant()
    const stories = Array.from({ length: 25 }, (_, index) =>
      story({ title: index % 3 === 0 ? 'The harbour' : 'A day', body: 'down at the harbour' }),
    )
    await rig.announce(stories.map((doc) => told(tenant, doc)))
    await rig.settled()
    const client = await rig.as(tenant)
    const seen: string[] = []
    const scores: number[] = []
    let after: string | null = null
    for (let page = 0; page < 4; page += 1) {
      const { data } = await search(client, { query: 'harbour', first: 7, after })
      expect(data?.searchStories.totalCount).toBe(25)
      expect(data?.searchStories.pageInfo.hasNextPage).toBe(page < 3)
      for (const node of data?.searchStories.nodes ?? []) {
        seen.push(node.story.id)
        scores.push(node.score)
      }
      after = data?.searchStories.pageInfo.endCursor ?? null
    }
    expect(scores).toEqual(scores.toSorted((a, b) => b - a))
    expect(seen.toSorted()).toEqual(stories.map((doc) => doc.storyId).toSorted())
    const past = await search(client, { query: 'harbour', after })
    expect(past.data?.searchStories).toMatchObject({ nodes: [], totalCount: 25 })
  })

  it('marks what matched and escapes everything else', async () => {
    const tenant = testTenant()
    const evil = story({
      title: 'Tom & "Jerry" <b>boat</b>',
      body: 'a <script>alert("boat")</script> boat <img src=x onerror=alert(1)> \u0001boat\u0002 \ue000boat\ue001 \'end\' & more',
    })
    await rig.announce([told(tenant, evil)])
    await rig.settled()
    const { data } = await search(await rig.as(tenant), { query: 'boat' })
    const highlights = data?.searchStories.nodes[0]?.highlights ?? []
    expect(highlights.length).toBeGreaterThanOrEqual(2)
    for (const highlight of highlights) {
      expect(highlight).toContain('<mark>boat</mark>')
      const rest = highlight.replaceAll('<mark>boat</mark>', '')
      expect(rest).not.toMatch(/[<>"']|&(?!amp;|lt;|gt;|quot;|#39;)/)
    }
    expect(highlights[0]).toBe('Tom &amp; &quot;Jerry&quot; &lt;b&gt;<mark>boat</mark>&lt;/b&gt;')
    expect(highlights.join(' ')).toContain('script&gt;alert(&quot;<mark>boat</mark>&quot;)')
  })
})

describe('a query that is no use', () => {
  it.each(['', '   ', '\n\t', '\0'])('is refused when it is empty: %j', async (query) => {
    const { errors } = await search(await rig.as(editor), { query })
    expect(errors?.[0]?.extensions?.code).toBe('INVALID_INPUT')
  })

  it('is refused above 500 characters, counted as people count them', async () => {
    const client = await rig.as(editor)
    expect((await search(client, { query: '🚢'.repeat(500) })).errors).toBeUndefined()
    const { errors } = await search(client, { query: 'a'.repeat(501) })
    expect(errors?.[0]?.extensions?.code).toBe('INVALID_INPUT')
  })

  it.each([
    `'`,
    `"`,
    `"unclosed`,
    `""`,
    `'; drop table story_document; --`,
    `\\`,
    `a & | ! ( ) <-> b:*`,
    `!!!`,
    `-`,
    `--`,
    `OR`,
    `or or or`,
    `-a -b`,
    `:*`,
    `<->`,
    `(((`,
    `%_%`,
    `🙂🙃`,
    `שלום עולם`,
    `مرحبا "بالعالم"`,
    `\u202eevil`,
    `日本語 検索`,
    `a\0b`,
    `\ud800`,
    `x`.repeat(500),
    `$1`,
    `{}`,
    `NaN`,
  ])('never fails, whatever it holds: %j', async (query) => {
    const { data, errors } = await search(await rig.as(editor), { query })
    expect(errors).toBeUndefined()
    expect(data?.searchStories.totalCount).toBeGreaterThanOrEqual(0)
  })

  it.each([0, -1, 101])('asks for %i hits', async (first) => {
    const { errors } = await search(await rig.as(editor), { query: 'a', first })
    expect(errors?.[0]?.extensions?.code).toBe('INVALID_INPUT')
  })

  it.each([
    'nonsense',
    '',
    encode('0.5'),
    encode(':x'),
    encode('NaN:x'),
    encode('1e999:x'),
    encode('1.2.3:x'),
    encode(`0.5:${newId()} or 1=1`),
  ])('carries a cursor that is not one: %j', async (after) => {
    const { errors } = await search(await rig.as(editor), { query: 'a', after })
    expect(errors?.[0]?.extensions?.code).toBe('CURSOR_INVALID')
  })

  it('takes a forged position as the position that it is', async () => {
    const { data } = await search(await rig.as(editor), { query: 'a', after: encode('1e-300:x') })
    expect(data?.searchStories.nodes).toEqual([])
  })
})

function encode(position: string): string {
  return Buffer.from(`c1:${position}`).toString('base64url')
}
