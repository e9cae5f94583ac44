import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { connect, type Connected, type Result } from '../testing/follow.js'
import { startTestGateway, type TestGateway } from '../testing/test-gateway.js'

const tenant = 't_haworth'
const follow = 'subscription F($after: String) { followed(stream: "s", after: $after) { text } }'

let gateway: TestGateway
let token: string
let sockets: Connected[] = []

beforeAll(async () => {
  gateway = await startTestGateway({
    subscriptionLimits: { slowConsumerMs: 300, connectMs: 1_000, outageMs: 10_000 },
  })
  token = await gateway.serviceToken()
})
afterAll(() => gateway.close())

beforeEach(() => {
  sockets = []
})
afterEach(async () => {
  for (const { client } of sockets) client.terminate()
  await gateway.log.untilFollowers(0)
})

function connected(bearer = token): Connected {
  const made = connect(gateway.url, { token: bearer })
  sockets.push(made)
  return made
}

function texts(results: readonly Result[]): unknown[] {
  return results.map(({ data }) => (data?.['followed'] as { text: string } | undefined)?.text)
}

function lastCursor(): string {
  return gateway.log.append(tenant, 'a beginning').cursor
}

describe('a subscription', () => {
  it('fills each event from other subgraphs, in order, shaped as the client asked', async () => {
    const after = lastCursor()
    gateway.log.append(tenant, 'one', { book: { id: 'b1' }, by: [{ id: 'a2' }, { id: 'a1' }] })
    gateway.log.append(tenant, 'two')
    const followed = connected().follow(
      `subscription Follow($after: String, $plain: Boolean = false) {
         news: followed(stream: "s", after: $after) {
           ...Entry
           __typename
           by @skip(if: $plain) { id name }
         }
       }
       fragment Entry on Entry { t: text book { title author { n: name } postage } }`,
      { after },
    )
    expect(await followed.take(2)).toEqual([
      {
        data: {
          news: {
            t: 'one',
            book: { title: 'Jane Eyre', author: { n: 'Charlotte' }, postage: 90 },
            __typename: 'Entry',
            by: [
              { id: 'a2', name: 'Anne' },
              { id: 'a1', name: 'Charlotte' },
            ],
          },
        },
      },
      { data: { news: { t: 'two', book: null, __typename: 'Entry', by: [] } } },
    ])
  })

  it('delivers what happens after it was opened', async () => {
    const followed = connected().follow(follow)
    const first = followed.next()
    await gateway.log.untilFollowers(1)
    gateway.log.append(tenant, 'live')
    expect(await first).toEqual({ data: { followed: { text: 'live' } } })
  })

  it('shows a tenant its own events alone', async () => {
    const after = lastCursor()
    gateway.log.append('t_downe', 'theirs')
    gateway.log.append(tenant, 'ours')
    const followed = connected().follow(follow, { after })
    expect(texts(await followed.take(1))).toEqual(['ours'])
  })

  it('ends when the subgraph says so', async () => {
    const followed = connected().follow('subscription { ticks(count: 2) }')
    const results = await followed.take(3)
    expect(results).toEqual([{ data: { ticks: 1 } }, { data: { ticks: 2 } }])
  })

  it('reports what a subgraph could not fill beside what it could', async () => {
    const after = lastCursor()
    gateway.log.append(tenant, 'grumpy', { by: [{ id: 'a1' }, { id: 'a2' }] })
    const followed = connected().follow(
      'subscription F($after: String) { followed(stream: "s", after: $after) { by { grumpy } } }',
      { after },
    )
    const [result] = await followed.take(1)
    expect(result?.data).toEqual({ followed: { by: [{ grumpy: 'no' }, { grumpy: null }] } })
    expect(result?.errors).toMatchObject([
      {
        message: 'Anne does not say',
        path: ['followed', 'by', 1, 'grumpy'],
        extensions: {
          code: 'FORBIDDEN',
          http_status: 403,
          request_id: expect.any(String) as string,
        },
      },
    ])
  })

  it('stops at the subgraph as soon as the client completes it, or is gone', async () => {
    const socket = connected()
    const completed = socket.follow(follow)
    void completed.next()
    await gateway.log.untilFollowers(1)
    completed.stop()
    await gateway.log.untilFollowers(0)

    const other = connected()
    void other
      .follow(follow)
      .next()
      .catch(() => undefined)
    await gateway.log.untilFollowers(1)
    other.socket()?.terminate()
    await gateway.log.untilFollowers(0)
    expect(gateway.log.followers).toBe(0)
  })
})

describe('when the subgraph goes away', () => {
  it('goes on from the last event when it is back: nothing lost, nothing twice', async () => {
    const after = lastCursor()
    const followed = connected().follow(follow, { after })
    gateway.log.append(tenant, 'before')
    expect(texts(await followed.take(1))).toEqual(['before'])

    for (const round of [1, 2, 3]) {
      await gateway.stopSubgraph('log')
      gateway.log.append(tenant, `while away ${round}a`)
      gateway.log.append(tenant, `while away ${round}b`)
      await gateway.startSubgraph('log')
      await gateway.log.untilIdle(1)
      gateway.log.append(tenant, `after ${round}`)
      expect(texts(await followed.take(3))).toEqual([
        `while away ${round}a`,
        `while away ${round}b`,
        `after ${round}`,
      ])
    }
  })

  it('starts from where the client asked when it breaks before the first event', async () => {
    const after = lastCursor()
    const followed = connected().follow(follow, { after })
    const first = followed.next()
    await gateway.log.untilIdle(1)
    await gateway.stopSubgraph('log')
    gateway.log.append(tenant, 'missed')
    await gateway.startSubgraph('log')
    expect(await first).toEqual({ data: { followed: { text: 'missed' } } })
  })

  it('ends, and does not silently start from now, when there is no position to go on from', async () => {
    const followed = connected().follow('subscription { followed(stream: "s") { text } }')
    const first = followed.next()
    await gateway.log.untilIdle(1)
    await gateway.stopSubgraph('log')
    await expect(first).rejects.toMatchObject([
      { extensions: { code: 'SUBGRAPH_UNAVAILABLE', retryable: true } },
    ])
    await gateway.startSubgraph('log')
  })

  it('goes on from where "now" was, when the subgraph tells', async () => {
    const followed = connected().follow(
      'subscription { followed(stream: "s", announced: true) { text } }',
    )
    const first = followed.next()
    await gateway.log.untilIdle(1)
    await gateway.stopSubgraph('log')
    gateway.log.append(tenant, 'not missed')
    await gateway.startSubgraph('log')
    expect(await first).toEqual({ data: { followed: { text: 'not missed' } } })
  })

  it('goes on from events that came, also when the client did not ask for a position', async () => {
    const followed = connected().follow('subscription { followed(stream: "s") { text } }')
    const first = followed.next()
    await gateway.log.untilIdle(1)
    gateway.log.append(tenant, 'first')
    await first
    await gateway.stopSubgraph('log')
    gateway.log.append(tenant, 'second')
    await gateway.startSubgraph('log')
    expect(texts(await followed.take(1))).toEqual(['second'])
  })

  it('says so when it cannot be reached to begin with', async () => {
    await gateway.stopSubgraph('log')
    const after = lastCursor()
    await expect(connected().follow(follow, { after }).next()).rejects.toMatchObject([
      { extensions: { code: 'SUBGRAPH_UNAVAILABLE', details: { cursor: after } } },
    ])
    await gateway.startSubgraph('log')
  })
})

describe('what is refused over the socket', () => {
  const refused = async (query: string) => {
    try {
      await connected().follow(query).next()
    } catch (errors) {
      return (errors as { extensions: Record<string, unknown> }[])[0]?.extensions
    }
    throw new Error('it was not refused')
  }

  it('keeps the code and details of the subgraph', async () => {
    expect(await refused('subscription { refused { text } }')).toEqual({
      code: 'CURSOR_EXPIRED',
      http_status: 410,
      retryable: false,
      details: { starts_at: 'c9' },
      request_id: expect.stringMatching(/^[0-9A-Z]{26}$/) as string,
    })
    const query = 'subscription { followed(stream: "s", after: "nonsense") { text } }'
    expect(await refused(query)).toMatchObject({ code: 'CURSOR_INVALID', http_status: 400 })
  })

  it.each([
    ['GRAPHQL_PARSE_FAILED', 'subscription {'],
    ['GRAPHQL_VALIDATION_FAILED', 'subscription { nothing }'],
    ['GRAPHQL_VALIDATION_FAILED', 'subscription { ticks(count: 1) refused { text } }'],
    ['INVALID_INPUT', 'subscription A { ticks(count: 1) } subscription B { ticks(count: 1) }'],
    ['QUERY_TOO_COMPLEX', `{ ${'a '.repeat(6_000)} }`],
    ['QUERY_TOO_COMPLEX', `{ author(id: "a1") ${'{ friends '.repeat(20)}{ id }${'}'.repeat(20)} }`],
  ])('answers %s', async (code, query) => {
    expect(await refused(query)).toMatchObject({ code })
  })

  it('refuses a variable of the wrong type', async () => {
    const followed = connected().follow('subscription T($n: Int!) { ticks(count: $n) }', { n: 'x' })
    const result = await followed.next()
    expect(result).toMatchObject({ errors: [{ extensions: { code: 'INVALID_INPUT' } }] })
  })
})

describe('queries and mutations over the socket', () => {
  it('run as they do over HTTP, errors included', async () => {
    const socket = connected()
    const [answer] = await socket.follow('{ book(id: "b1") { author { name } } conflict }').take(1)
    expect(answer).toMatchObject({
      data: { book: { author: { name: 'Charlotte' } }, conflict: null },
      errors: [{ path: ['conflict'], extensions: { code: 'CONFLICT', details: { winner: 'a2' } } }],
    })
    const [renamed] = await socket
      .follow('mutation { rename(id: "b3", title: "Anonymous") { id } }')
      .take(1)
    expect(renamed).toEqual({ data: { rename: { id: 'b3' } } })
  })
})

describe('a client that does not listen', () => {
  it('is served at its own pace as long as it takes something', async () => {
    const after = lastCursor()
    for (let i = 0; i < 500; i += 1) gateway.log.append(tenant, `event ${i}`)
    const results = await connected().follow(follow, { after }).take(500)
    expect(texts(results)).toEqual(Array.from({ length: 500 }, (_, i) => `event ${i}`))
  })

  it('is given up, so that it holds neither memory nor a place at the subgraph', async () => {
    const after = lastCursor()
    const large = 'x'.repeat(200_000)
    for (let i = 0; i < 300; i += 1) gateway.log.append(tenant, large)
    const socket = connected()
    const followed = socket.follow(follow, { after })
    await followed.next()
    await gateway.log.untilFollowers(1)
    socket.socket()?.pause()
    await gateway.log.untilFollowers(0)
    socket.socket()?.resume()
    const end = (async () => {
      for (;;) if ((await followed.next()) === undefined) return
    })()
    await expect(end).rejects.toMatchObject([
      {
        extensions: {
          code: 'CONSUMER_TOO_SLOW',
          details: { cursor: expect.any(String) as string },
        },
      },
    ])
  })
})
