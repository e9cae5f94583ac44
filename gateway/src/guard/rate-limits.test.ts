import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '@heirloom/embedded'
import { createDatabase } from '@heirloom/postgres'
import { testLogger } from '@heirloom/testkit'
import { createGateway, type Gateway } from '../app.js'
import type { GatewaySchema } from '../auth/session-store.js'
import type { GatewayConfig } from '../config.js'
import { connect } from '../testing/follow.js'
import { startTestGateway, type TestGateway } from '../testing/test-gateway.js'

// Two gateways over one database, each with connections of its own.

const book = '{ book(id: "b1") { title } }'

let gateway: TestGateway
let token: string
const others: { close(): Promise<void> }[] = []

beforeAll(async () => {
  gateway = await startTestGateway()
  token = await gateway.serviceToken()
})
afterEach(async () => {
  for (const other of others.splice(0)) await other.close()
})
afterAll(() => gateway.close())

/** A gateway beside the first, with limits of its own. */
async function another(
  rates: GatewayConfig['rates'],
  options: { readonly databaseUrl?: string; readonly trustedProxies?: readonly string[] } = {},
): Promise<string> {
  const { databaseUrl = gateway.config.databaseUrl, trustedProxies = [] } = options
  const config = { ...gateway.config, port: await freePort(), rates, trustedProxies }
  const database = createDatabase<GatewaySchema>({ url: databaseUrl, applicationName: 'another' })
  const opened: Gateway = await createGateway({ config, database, logger: testLogger() })
  others.push({
    close: async () => {
      await opened.close()
      await database.close()
    },
  })
  return opened.listen({ host: '127.0.0.1', port: config.port })
}

function ask(url: string, bearer: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${bearer}`, ...headers },
    body: JSON.stringify({ query: book }),
  })
}

async function countPassed(answers: readonly Promise<Response>[]): Promise<number> {
  const statuses = await Promise.all(answers.map(async (answer) => statusOf(await answer)))
  expect(new Set([...statuses, 200, 429])).toEqual(new Set([200, 429]))
  return statuses.filter((status) => status === 200).length
}

/** Reads the answer to its end, so that its connection is free again. */
async function statusOf(answer: Response): Promise<number> {
  await answer.text()
  return answer.status
}

/** Somebody of a tenant that no other test knows, unless it is said which. */
const user = (sub: string, tenant = `t_${sub}`) => gateway.forge({ sub, tenant_id: tenant })

describe('rate limits', () => {
  it('hold for a user over two gateways together, and for nobody else', async () => {
    const urls = [await another({ perUser: 20 }), await another({ perUser: 20 })]
    const [mine, yours] = [await user('flood', 't_one'), await user('calm', 't_one')]
    const flood = urls.flatMap((url) => Array.from({ length: 40 }, () => ask(url, mine)))
    expect(await countPassed(flood)).toBe(20)
    for (const url of urls) expect(await statusOf(await ask(url, yours))).toBe(200)
  })

  it('of one tenant cost no other tenant anything', async () => {
    const urls = [await another({ perTenant: 30 }), await another({ perTenant: 30 })]
    const loud = await Promise.all(['a', 'b', 'c'].map((sub) => user(sub, 't_loud')))
    const quiet = await user('a', 't_quiet')
    const flood = urls.flatMap((url) =>
      loud.flatMap((bearer) => Array.from({ length: 20 }, () => ask(url, bearer))),
    )
    const calm = urls.flatMap((url) => Array.from({ length: 10 }, () => ask(url, quiet)))
    expect(await countPassed(flood)).toBe(30)
    expect(await countPassed(calm)).toBe(20)
    expect(await statusOf(await ask(urls[0] ?? '', quiet))).toBe(200)
  })

  it('say what is limited and when to come back', async () => {
    const url = await another({ perUser: 1, windowSeconds: 30 })
    const bearer = await user('told')
    expect((await ask(url, bearer)).headers.get('ratelimit')).toBeNull()
    for (const type of ['application/json', 'application/json;charset=utf-8']) {
      const refused = await ask(url, bearer, { 'content-type': type })
      expect(refused.status).toBe(429)
      const after = Number(refused.headers.get('retry-after'))
      expect(after).toBeGreaterThan(20)
      expect(after).toBeLessThanOrEqual(30)
      expect(refused.headers.get('ratelimit-policy')).toBe('"user";q=1;w=30')
      expect(refused.headers.get('ratelimit')).toBe(`"user";r=0;t=${after}`)
      expect(await refused.json()).toMatchObject({
        error: {
          code: 'RATE_LIMITED',
          retryable: true,
          details: { scope: 'user', limit: 1, window_seconds: 30 },
        },
      })
    }
  })

  it('count one operation of a user apart from the others', async () => {
    const url = await another({ perOperation: 3 })
    const bearer = await user('repeats')
    expect(await countPassed(Array.from({ length: 6 }, () => ask(url, bearer)))).toBe(3)
    const other = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${bearer}` },
      body: JSON.stringify({ query: '{ books { id } }' }),
    })
    expect(other.status).toBe(200)
  })

  it('count by address before anybody says who they are, as the proxy in front tells it', async () => {
    const url = await another({ perAddress: 3 }, { trustedProxies: ['loopback'] })
    const from = (address: string): Record<string, string> => ({ 'x-forwarded-for': address })
    const nobody = (address: string) => ask(url, 'nonsense', from(address))
    // What stands before the last is the client's own claim, which helps it nothing.
    const claims = ['1.1.1.1, 9.9.9.9', '2.2.2.2, 9.9.9.9', '9.9.9.9', '3.3.3.3,9.9.9.9']
    const statuses: number[] = []
    for (const claim of claims) statuses.push(await statusOf(await nobody(claim)))
    expect(statuses).toEqual([401, 401, 401, 429])
    expect(await statusOf(await nobody('8.8.8.8'))).toBe(401)
    const page = await fetch(`${url}/auth/login`, { headers: from('9.9.9.9'), redirect: 'manual' })
    expect(page.status).toBe(429)
    expect((await fetch(`${url}/healthz`, { headers: from('9.9.9.9') })).status).toBe(200)
  })

  it('hold over WebSocket and server-sent events with the same counters', async () => {
    const url = await another({ perUser: 4 })
    const bearer = await user('sockets')
    expect(await statusOf(await ask(url, bearer))).toBe(200)
    const socket = connect(url, { token: bearer })
    expect(await socket.follow(book).next()).toMatchObject({ data: { book: {} } })
    const stream = () =>
      fetch(`${url}/graphql/stream`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${bearer}` },
        body: JSON.stringify({ query: book }),
      })
    expect(await (await stream()).text()).toContain('"title"')
    expect(await socket.follow(book).next()).toMatchObject({ data: { book: {} } })
    await expect(socket.follow(book).next()).rejects.toMatchObject([
      { extensions: { code: 'RATE_LIMITED', details: { scope: 'user' } } },
    ])
    expect(await statusOf(await stream())).toBe(429)
    expect(await statusOf(await ask(url, bearer))).toBe(429)
    // By the client, which has nothing more to ask: a refusal does not end the socket.
    expect(await socket.closed).toMatchObject({ code: 1000 })
  })

  it('are counted by each process alone while the database is away', async () => {
    const nowhere = `postgres://u:p@127.0.0.1:${await freePort()}/none`
    const url = await another({ perUser: 5 }, { databaseUrl: nowhere })
    const bearer = await user('alone')
    expect(await countPassed(Array.from({ length: 12 }, () => ask(url, bearer)))).toBe(5)
  })

  it('let everything through where they are 0', async () => {
    const rates = { perAddress: 0, perUser: 0, perTenant: 0, perOperation: 0 }
    const url = await another({ ...rates, costPerUser: 0, costPerTenant: 0 })
    expect(await countPassed(Array.from({ length: 30 }, () => ask(url, token)))).toBe(30)
  })
})
