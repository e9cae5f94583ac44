import { createClient, type Client } from 'graphql-sse'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { TestBrowser } from '../testing/browser.js'
import { startTestGateway, type TestGateway } from '../testing/test-gateway.js'

const tenant = 't_haworth'
const follow = 'subscription F($after: String) { followed(stream: "s", after: $after) { text } }'

let gateway: TestGateway
let token: string

beforeAll(async () => {
  gateway = await startTestGateway({ heartbeatMs: 60, socketCheckEveryMs: 50 })
  token = await gateway.serviceToken()
})
afterAll(() => gateway.close())

function client(): Client {
  return createClient({
    url: `${gateway.url}/graphql/stream`,
    headers: { authorization: `Bearer ${token}` },
    retryAttempts: 0,
  })
}

interface Raw {
  readonly response: Response
  /** Reads until the text matches; resolves to all that came. */
  until(wanted: RegExp): Promise<string>
  ended(): Promise<string>
  stop(): void
}

async function open(init: RequestInit & { readonly query?: string } = {}): Promise<Raw> {
  const leaving = new AbortController()
  const address = `${gateway.url}/graphql/stream${init.query ?? ''}`
  const response = await fetch(address, { ...init, signal: leaving.signal })
  const reader = response.body?.getReader()
  const decoder = new TextDecoder()
  let text = ''
  async function more(): Promise<boolean> {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined }
    text += decoder.decode(value)
    return !done
  }
  return {
    response,
    until: async (wanted) => {
      while (!wanted.test(text)) if (!(await more())) throw new Error(`ended with ${text}`)
      return text
    },
    ended: async () => {
      while (await more());
      return text
    },
    stop: () => leaving.abort(),
  }
}

function post(query: string, variables: object = {}, headers: Record<string, string> = {}) {
  return open({
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'text/event-stream',
      ...headers,
    },
    body: JSON.stringify({ query, variables }),
  })
}

function address(query: string, variables: object = {}): string {
  return `?${new URLSearchParams({ query, variables: JSON.stringify(variables) }).toString()}`
}

const beginning = (): string => gateway.log.append(tenant, 'a beginning').cursor
const untilNobody = (): Promise<void> => gateway.log.untilFollowers(0)

describe('a stream of server-sent events', () => {
  it('is read by the client of graphql-sse: subscriptions, queries and mutations', async () => {
    const after = beginning()
    gateway.log.append(tenant, 'one')
    const results = client().iterate({ query: follow, variables: { after } })
    expect(await results.next()).toMatchObject({ value: { data: { followed: { text: 'one' } } } })
    gateway.log.append(tenant, 'two')
    expect(await results.next()).toMatchObject({ value: { data: { followed: { text: 'two' } } } })
    await results.return?.()
    await untilNobody()

    const answers: unknown[] = []
    for await (const answer of client().iterate({ query: '{ book(id: "b1") { title } }' })) {
      answers.push(answer)
    }
    expect(answers).toEqual([{ data: { book: { title: 'Jane Eyre' } } }])
    const renamed = client().iterate({
      query: 'mutation { rename(id: "b3", title: "Anonymous") { id } }',
    })
    expect(await renamed.next()).toMatchObject({ value: { data: { rename: { id: 'b3' } } } })
  })

  it('names each position, and goes on after the one that is sent back', async () => {
    const after = beginning()
    const { cursor } = gateway.log.append(tenant, 'first')
    const first = await post(follow, { after })
    expect(await first.until(/first/)).toContain(`id: ${cursor}\nevent: next\ndata: {"data"`)
    first.stop()
    gateway.log.append(tenant, 'missed')
    const headers = { authorization: `Bearer ${token}`, 'last-event-id': cursor }
    const second = await open({ headers, query: address(follow, { after }) })
    expect(await second.until(/missed/)).not.toContain('first')
    second.stop()
    await untilNobody()
  })

  it('completes, says what is wrong as its last result, and beats', async () => {
    const ticks = await post('subscription { ticks(count: 1) }')
    expect(ticks.response.headers.get('content-type')).toContain('text/event-stream')
    expect(ticks.response.headers.get('x-content-type-options')).toBe('nosniff')
    expect(await ticks.ended()).toMatch(/"ticks":1.*event: complete\ndata: \n\n$/s)
    const refused = await post('subscription { refused { text } }')
    expect(await refused.ended()).toMatch(/CURSOR_EXPIRED.*event: complete/s)
    const invalid = await post('subscription { nothing }')
    expect(await invalid.ended()).toMatch(/GRAPHQL_VALIDATION_FAILED.*event: complete/s)
    const quiet = await post(follow)
    expect(await quiet.until(/:\n\n:\n\n:\n\n/)).toBeDefined()
    quiet.stop()
    await untilNobody()
  })

  it('is opened for nobody unknown, and changes nothing by GET', async () => {
    const nobody = await open({ query: address(follow) })
    expect(nobody.response.status).toBe(401)
    const headers = { authorization: `Bearer ${token}` }
    const query = address('mutation { rename(id: "b3", title: "x") { id } }')
    const mutation = await open({ headers, query })
    expect(mutation.response.status).toBe(405)
    const broken = await open({ headers, query: '?query={a}&variables=nonsense' })
    expect(broken.response.status).toBe(400)
  })

  it('shows a tenant its own events alone', async () => {
    const after = beginning()
    gateway.log.append('t_downe', 'theirs')
    gateway.log.append(tenant, 'ours')
    const stream = await post(follow, { after })
    expect(await stream.until(/ours/)).not.toContain('theirs')
    stream.stop()
    await untilNobody()
  })
})

describe('a stream of events for a browser', () => {
  it('is opened with the cookie from pages of ours, and ends with the session', async () => {
    const browser = new TestBrowser()
    await browser.signIn(gateway.url, 'emily@haworth.test')
    const cookie = browser.cookieHeader(gateway.url)
    const query = address(follow)
    const foreign: Record<string, string>[] = [
      { cookie, origin: 'https://evil.test' },
      { cookie, 'sec-fetch-site': 'cross-site' },
    ]
    for (const headers of foreign) {
      const refused = await open({ headers, query })
      expect(refused.response.status).toBe(403)
    }
    const posted = await open({
      method: 'POST',
      headers: { cookie, origin: 'https://evil.test', 'content-type': 'application/json' },
      body: JSON.stringify({ query: follow }),
    })
    expect(posted.response.status).toBe(403)
    const stream = await open({ headers: { cookie, 'sec-fetch-site': 'same-origin' }, query })
    await gateway.log.untilFollowers(1)
    await browser.post(`${gateway.url}/auth/logout`, {}, browser.pageHeaders(gateway.url))
    expect(await stream.ended()).toMatch(/UNAUTHENTICATED.*event: complete/s)
    await untilNobody()
  })
})

describe('a client of a stream that does not read', () => {
  it('is given up without holding up anybody', async () => {
    const own = await startTestGateway({
      heartbeatMs: 10_000,
      subscriptionLimits: { slowConsumerMs: 300 },
    })
    const bearer = await own.serviceToken()
    const after = own.log.append(tenant, 'a beginning').cursor
    for (let index = 0; index < 200; index += 1) own.log.append(tenant, 'x'.repeat(200_000))
    const leaving = new AbortController()
    const followed = own.log.untilFollowers(1)
    const response = await fetch(`${own.url}/graphql/stream${address(follow, { after })}`, {
      headers: { authorization: `Bearer ${bearer}` },
      signal: leaving.signal,
    })
    expect(response.status).toBe(200)
    await followed
    await vi.waitFor(() => expect(own.log.followers).toBe(0), { timeout: 20_000 })
    leaving.abort()
    await own.close()
  })
})

describe('a gateway that goes away', () => {
  it('ends its streams without completing them, and says when to come back', async () => {
    const own = await startTestGateway()
    const headers = { authorization: `Bearer ${await own.serviceToken()}` }
    const response = await fetch(`${own.url}/graphql/stream${address(follow)}`, { headers })
    await own.log.untilFollowers(1)
    const text = response.text()
    await own.stopGateway()
    expect(await text).toMatch(/retry: \d+\n\n$/)
    expect(await text).not.toContain('complete')
    await own.log.untilFollowers(0)
    await own.close()
  })
})
