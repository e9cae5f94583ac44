import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { graphqlClient, type GraphQLClient, startSystem, type System } from '@heirloom/testkit'
import { follow } from '../support/follow.js'

/** What a newcomer does in the first hour, over the system as `npm start` runs it. */
describe('the first hour', () => {
  let system: System
  let ask: GraphQLClient
  let token: string
  let legacyId: string

  beforeAll(async () => {
    system = await startSystem()
    token = await system.token('t_haworth')
    ask = graphqlClient(`${system.url}/graphql`, token)
    const { data } = await ask(`{ legacy(slug: "brontes-of-haworth") { id } }`)
    legacyId = (data as { legacy: { id: string } }).legacy.id
  }, 120_000)

  afterAll(() => system.stop())

  it('answers one query from four subgraphs', async () => {
    const { data, errors } = await ask(
      `query ($q: String!) {
        searchStories(query: $q) {
          totalCount
          nodes {
            highlights
            story {
              title
              author { displayName }
              people { name parents { name } }
              media { fileName contentType url }
            }
          }
        }
      }`,
      { q: 'parsonage curate' },
    )
    expect(errors).toBeUndefined()
    const { nodes } = (data as { searchStories: { nodes: unknown[] } }).searchStories
    expect(nodes[0]).toMatchObject({
      story: {
        title: 'The house at the top of the street',
        people: expect.arrayContaining([
          { name: 'Patrick Brontë', parents: expect.arrayContaining([{ name: 'Hugh Brunty' }]) },
        ]),
        media: [{ fileName: 'parsonage.svg', contentType: 'image/svg+xml' }],
      },
    })
  })

  it('says who asks, and for which tenant', async () => {
    const { data } = await ask(`{ viewer { tenant { id name } roles } }`)
    expect(data).toEqual({
      viewer: { tenant: { id: 't_haworth', name: 'Haworth Archive' }, roles: ['OWNER'] },
    })
  })

  it('names how two people are related', async () => {
    const downe = graphqlClient(`${system.url}/graphql`, await system.token('t_downe'))
    const people = async (name: string): Promise<string> => {
      const { data } = await downe(
        `query ($name: String) { people(name: $name) { nodes { id } } }`,
        { name },
      )
      return (data as { people: { nodes: { id: string }[] } }).people.nodes[0]?.id ?? ''
    }
    const [fromId, toId] = [await people('Charles Robert'), await people('Emma Wedgwood')]
    const { data } = await downe(
      `query ($fromId: ID!, $toId: ID!) { personPath(fromId: $fromId, toId: $toId) { relationship } }`,
      { fromId, toId },
    )
    expect(data).toEqual({ personPath: { relationship: 'wife' } })
  })

  it('delivers a story written elsewhere within a second, and after a cut exactly what was missed', async () => {
    const after = await end()
    const first = await follow(system.url, token, { legacyId, after })
    // The first one also warms what a first request has to load; the second one is measured.
    await write('Before the clock')
    await first.received(1)
    const from = performance.now()
    await write('While you watch')
    const seen = await first.received(2)
    expect(performance.now() - from).toBeLessThan(1_000)
    expect(seen[1]).toMatchObject({ type: 'StoryCreated', story: { title: 'While you watch' } })

    first.cut()
    const missed = ['The first one missed', 'The second one missed', 'The third one missed']
    for (const title of missed) await write(title)

    const second = await follow(system.url, token, { legacyId, after: seen[1]?.cursor ?? '' })
    await second.received(3)
    await write('The end of it')
    const resumed = await second.received(4)
    second.cut()
    expect(resumed.map(({ story }) => story?.title)).toEqual([...missed, 'The end of it'])
  })

  it.each(['storage', 'gateway', 'stories'])(
    'loses and repeats nothing when the %s process is killed and started again',
    async (service) => {
      const after = await end()
      const titles = ['one', 'two', 'three'].map((word) => `${service} ${word}`)
      const first = await follow(system.url, token, { legacyId, after })
      await write(`${service} zero`)
      const [zero] = await first.received(1)
      const restarted = system.killed(service)
      first.cut()
      await restarted
      for (const title of titles) await write(title)
      const second = await follow(system.url, token, { legacyId, after: zero?.cursor ?? '' })
      const resumed = await second.received(3)
      second.cut()
      expect(resumed.map(({ story }) => story?.title)).toEqual(titles)
    },
    60_000,
  )

  it('keeps a subscription going through a restart of the storage subgraph', async () => {
    const after = await end()
    const following = await follow(system.url, token, { legacyId, after })
    await write('before the fall')
    await following.received(1)
    await system.killed('storage')
    for (const title of ['after one', 'after two']) await write(title)
    const events = await following.received(3, 20_000)
    following.cut()
    expect(events.map(({ story }) => story?.title)).toEqual([
      'before the fall',
      'after one',
      'after two',
    ])
  }, 60_000)

  async function end(): Promise<string> {
    const { data } = await ask(`query ($legacyId: ID!) { timelineEnd(legacyId: $legacyId) }`, {
      legacyId,
    })
    return (data as { timelineEnd: string }).timelineEnd
  }

  async function write(title: string): Promise<void> {
    const { data, errors } = await ask(
      `mutation ($input: CreateStoryInput!) { createStory(input: $input) { story { id } } }`,
      { input: { legacyId, title, body: `${title}.` } },
    )
    expect(errors).toBeUndefined()
    expect(data).toBeDefined()
  }
})
