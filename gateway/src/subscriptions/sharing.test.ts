import { writeFile } from 'node:fs/promises'
import { freePort } from '@heirloom/embedded'
import { testLogger } from '@heirloom/testkit'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { createGateway } from '../app.js'
import { connect, type Connected, type Followed, type Result } from '../testing/follow.js'
import { testSupergraph } from '../testing/subgraphs.js'
import { startTestGateway, type TestGateway } from '../testing/test-gateway.js'

// Over real sockets, both ways: what subscribers share, and what becomes of it when something goes.

const tenant = 't_haworth'
const follow = `subscription F($after: String) {
  followed(stream: "s", after: $after, announced: true) { cursor text by { name } } }`

let gateway: TestGateway
let open: Connected[] = []

beforeAll(async () => {
  gateway = await startTestGateway({ subscriptionLimits: { outageMs: 20_000 } })
})
afterAll(() => gateway.close())
beforeEach(() => {
  open = []
})
afterEach(async () => {
  for (const { client } of open) client.terminate()
  await gateway.log.untilFollowers(0)
})

function connected(token: string, url = gateway.url): Connected {
  const made = connect(url, { token })
  open.push(made)
  return made
}

const token = (sub: string, ...roles: string[]) => gateway.forge({ sub, roles })
const textOf = (result: Result | undefined): unknown =>
  (result?.data?.['followed'] as { text: string } | undefined)?.text
const cursorIn = (result: Result | undefined): unknown =>
  (result?.data?.['followed'] as { cursor: string } | undefined)?.cursor

async function takeTexts(followed: Followed, count: number): Promise<unknown[]> {
  return (await followed.take(count)).map(textOf)
}

describe('subscribers of one stream', () => {
  it('are served by one subscription at the subgraph, whoever they are, with the same roles', async () => {
    const viewers = await Promise.all(['a', 'b', 'c', 'd'].map((sub) => token(sub, 'viewer')))
    const connections = viewers.map((each) => connected(each))
    const first = connections.map((connection) => connection.follow(follow).next())
    await gateway.log.untilFollowers(1)
    await gateway.log.untilIdle(1)
    // What a socket is asked later is answered later: whoever is answered now follows.
    await Promise.all(connections.map((connection) => connection.follow('{ __typename }').next()))
    gateway.log.append(tenant, 'for all', { by: [{ id: 'a1' }] })
    for (const event of first) {
      expect(await event).toMatchObject({
        data: { followed: { text: 'for all', by: [{ name: 'Charlotte' }] } },
      })
    }
    expect(gateway.log.followers).toBe(1)
  })

  it('are served apart where their rights are: other roles, and contributors each alone', async () => {
    const tokens = [
      await token('a', 'viewer'),
      await token('b', 'editor'),
      await token('c', 'contributor'),
      await token('d', 'contributor'),
    ]
    const first = tokens.map((each) => connected(each).follow(follow).next())
    await gateway.log.untilFollowers(4)
    await gateway.log.untilIdle(4)
    gateway.log.append(tenant, 'apart')
    expect((await Promise.all(first)).map(textOf)).toEqual(Array(4).fill('apart'))
  })

  it('are not served by what another tenant follows', async () => {
    const ours = connected(await token('a', 'viewer')).follow(follow)
    const downe = await gateway.forge({ sub: 'a', tenant_id: 't_downe', roles: ['viewer'] })
    const theirs = connected(downe).follow(follow)
    const first = [ours.next(), theirs.next()]
    await gateway.log.untilFollowers(2)
    await gateway.log.untilIdle(2)
    gateway.log.append('t_downe', 'theirs')
    gateway.log.append(tenant, 'ours')
    expect((await Promise.all(first)).map(textOf)).toEqual(['ours', 'theirs'])
  })

  it('miss nothing and get nothing twice when the subgraph goes, from wherever they came', async () => {
    const bearer = await token('a', 'viewer')
    const start = gateway.log.append(tenant, 'start').cursor
    for (let n = 1; n <= 30; n += 1) gateway.log.append(tenant, `e${n}`)
    const mid = gateway.log.end(tenant)
    const early = Array.from({ length: 5 }, () =>
      connected(bearer).follow(follow, { after: start }),
    )
    const late = Array.from({ length: 5 }, () => connected(bearer).follow(follow, { after: mid }))
    const expected = Array.from({ length: 60 }, (_, n) => `e${n + 1}`)
    const all = [
      ...early.map(async (each) => expect(await takeTexts(each, 60)).toEqual(expected)),
      ...late.map(async (each) => expect(await takeTexts(each, 30)).toEqual(expected.slice(30))),
    ]
    for (let n = 31; n <= 60; n += 1) {
      gateway.log.append(tenant, `e${n}`)
      if (n % 10 !== 0) continue
      await gateway.stopSubgraph('log')
      await gateway.startSubgraph('log')
    }
    await Promise.all(all)
    // However they came, they have come together.
    await gateway.log.untilFollowers(1)
  })

  it('go on at their cursor on a supergraph that is replaced', async () => {
    const bearer = await token('a', 'viewer')
    const after = gateway.log.end(tenant)
    const followed = [0, 1].map(() => connected(bearer).follow(follow, { after }))
    const first = followed.map((each) => each.next())
    gateway.log.append(tenant, 'before')
    expect((await Promise.all(first)).map(textOf)).toEqual(['before', 'before'])
    const changed = testSupergraph((sdl) => sdl.replace('crash: String', 'crash: String fresh: ID'))
    await writeFile(gateway.config.supergraphFile, changed)
    for (let n = 0; ; n += 1) {
      gateway.log.append(tenant, `during ${n}`)
      for (const each of followed) expect(textOf(await each.next())).toBe(`during ${n}`)
      const { data } = await gateway.client(bearer)('{ __type(name: "Query") { fields { name } } }')
      if (JSON.stringify(data).includes('"fresh"')) break
    }
    gateway.log.append(tenant, 'after')
    for (const each of followed) expect(textOf(await each.next())).toBe('after')
  })
})

describe('a gateway that goes away', () => {
  it('tells its clients to resume, and they do at another one, without loss', async () => {
    const bearer = await token('a', 'viewer')
    const config = { ...gateway.config, port: await freePort() }
    const going = await createGateway({
      config,
      database: gateway.database,
      logger: testLogger(),
    })
    const url = await going.listen({ host: '127.0.0.1', port: config.port })
    const clients = Array.from({ length: 20 }, () => connected(bearer, url))
    const from = gateway.log.end(tenant)
    const followed = clients.map(({ follow: start }) => start(follow, { after: from }))
    const first = followed.map((each) => each.next())
    gateway.log.append(tenant, 'before')
    const cursors = (await Promise.all(first)).map(cursorIn)
    const rest = followed.map((each) => each.next().catch((error: unknown) => error))
    const startedAt = Date.now()
    const gone = going.close()
    gateway.log.append(tenant, 'meanwhile')
    const statuses = await upgradeStatus(url)
    await gone
    expect(Date.now() - startedAt).toBeLessThan(10_000)
    expect([503, undefined]).toContain(statuses)
    for (const { closed } of clients) expect(await closed).toMatchObject({ code: 1001 })
    gateway.log.append(tenant, 'after')
    // Whether the last event still came before the end or not: it comes once.
    for (const [index, end] of (await Promise.all(rest)).entries()) {
      const last = end instanceof Object && 'data' in end ? (end as Result) : undefined
      const after = cursorIn(last) ?? cursors[index]
      const resumed = connected(bearer).follow(follow, { after })
      const missed = last === undefined ? ['meanwhile', 'after'] : ['after']
      expect(await takeTexts(resumed, missed.length)).toEqual(missed)
    }
  })
})

/** Resolves to undefined when there is nobody any more. */
function upgradeStatus(url: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode))
    socket.on('error', () => resolve(undefined))
    socket.on('open', () => resolve(101))
  })
}
