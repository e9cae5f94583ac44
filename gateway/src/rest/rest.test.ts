import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../testing/test-gateway.js'

let gateway: TestGateway
let token: string

beforeAll(async () => {
  gateway = await startTestGateway()
  token = await gateway.serviceToken('t_haworth')
})
afterAll(() => gateway.close())

async function ask(path: string, init: RequestInit = {}, bearer: string | null = token) {
  const response = await fetch(`${gateway.url}/api/v1${path}`, {
    ...init,
    headers: {
      ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
      ...(init.headers as Record<string, string> | undefined),
    },
  })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true
  const body = (isJson && text !== '' ? JSON.parse(text) : text) as {
    error?: Record<string, unknown>
  } & Record<string, unknown>
  return { status: response.status, headers: response.headers, body }
}

const post = (body: unknown, headers: Record<string, string> = {}) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
})

describe('a read by REST', () => {
  it('answers what GraphQL answers, of several subgraphs', async () => {
    const { status, body } = await ask('/book?id=b1&fields=id,title,postage,author.name')
    expect(status).toBe(200)
    expect(body).toEqual({
      id: 'b1',
      title: 'Jane Eyre',
      postage: 90,
      author: { name: 'Charlotte' },
    })
  })

  it('answers by itself the values of a thing, and the ids of what it refers to', async () => {
    const { body } = await ask('/book?id=b1')
    expect(body).toMatchObject({ id: 'b1', title: 'Jane Eyre', weight: 9, author: { id: 'a1' } })
  })

  it('says 404 in the envelope where nothing is', async () => {
    const { status, body } = await ask('/book?id=nothing')
    expect([status, body.error?.['code'], body.error?.['http_status']]).toEqual([
      404,
      'NOT_FOUND',
      404,
    ])
    expect(body.error?.['request_id']).toEqual(expect.any(String))
  })

  it('says 304 to who has it already, and its tag is good for its own tenant alone', async () => {
    const { headers } = await ask('/book?id=b1')
    const etag = headers.get('etag') ?? ''
    const again = { headers: { 'if-none-match': etag } }
    expect((await ask('/book?id=b1', again)).status).toBe(304)
    const other = await gateway.serviceToken('t_downe')
    // The same book, since these subgraphs keep one for all: only the tag differs.
    const theirs = await ask('/book?id=b1', again, other)
    expect(theirs.status).toBe(200)
    expect(theirs.headers.get('etag')).not.toBe(etag)
    expect(theirs.headers.get('cache-control')).toBe('private, no-cache')
    expect(theirs.headers.get('vary')).toContain('authorization')
  })

  it('fails as a whole, with the status of what failed, and masks what is nobody’s business', async () => {
    const conflict = await ask('/conflict')
    expect(conflict).toMatchObject({
      status: 409,
      body: { error: { code: 'CONFLICT', details: { winner: 'a2' } } },
    })
    const crash = await ask('/crash')
    expect(crash).toMatchObject({ status: 500, body: { error: { code: 'INTERNAL' } } })
    expect(JSON.stringify(crash.body)).not.toContain('hunter2')
  })

  it.each([
    ['a parameter that there is not', '/book?id=b1&admin=true'],
    ['a parameter twice', '/book?id=b1&id=b2'],
    ['a field that there is not', '/book?id=b1&fields=id,secret'],
    ['a field of every object', '/book?id=b1&fields=constructor'],
    ['a field of a value', '/book?id=b1&fields=title.length'],
    ['GraphQL in the fields', '/book?id=b1&fields=id%7D%20crash%20%7Bx'],
    ['nothing where something must be', '/book'],
  ])('refuses %s', async (_title, path) => {
    const { status, body } = await ask(path)
    expect([status, body.error?.['code']]).toEqual([400, 'INVALID_INPUT'])
  })

  it('is held to the limits of GraphQL', async () => {
    const deep = Array.from({ length: 25 }, () => 'friends').join('.')
    const { status, body } = await ask(`/author?id=a1&fields=${deep}.id`)
    expect([status, body.error?.['code']]).toEqual([400, 'QUERY_TOO_COMPLEX'])
  })

  it('is for those alone who may ask', async () => {
    const { status, body, headers } = await ask('/book?id=b1', {}, null)
    expect([status, body.error?.['code']]).toEqual([401, 'UNAUTHENTICATED'])
    expect(headers.get('www-authenticate')).toBe('Bearer')
    expect((await ask('/book?id=b1', {}, 'forged')).status).toBe(401)
  })

  it('acts for the tenant of the token, whatever the request says', async () => {
    const headers = { 'x-tenant-id': 't_downe' }
    expect((await ask('/whoami', { headers })).body).toMatchObject({ tenant: 't_haworth' })
  })

  it('answers HEAD with the headers alone', async () => {
    const { status, headers, body } = await ask('/book?id=b1', { method: 'HEAD' })
    expect([status, body]).toEqual([200, ''])
    expect(headers.get('etag')).toMatch(/^"\w{64}"$/)
  })
})

describe('a write by REST', () => {
  it('does what the mutation does', async () => {
    const { status, body, headers } = await ask('/rename', post({ id: 'b3', title: 'By a lady' }))
    expect([status, body['title']]).toEqual([200, 'By a lady'])
    expect(headers.get('cache-control')).toBe('no-store')
    expect((await ask('/book?id=b3')).body).toMatchObject({ title: 'By a lady' })
  })

  it('fails with what the mutation fails with', async () => {
    const { status, body } = await ask('/rename', post({ id: 'gone', title: 'x' }))
    expect([status, body.error?.['code']]).toEqual([404, 'NOT_FOUND'])
  })

  it('is refused by a method that only reads, and by an address that there is not', async () => {
    const { status, headers, body } = await ask('/rename')
    expect([status, headers.get('allow'), body.error?.['code']]).toEqual([
      405,
      'POST',
      'METHOD_NOT_ALLOWED',
    ])
    expect((await ask('/nothing', post({}))).status).toBe(404)
    expect((await ask('/%E0%A4%A')).status).toBe(400)
  })

  it.each([
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['plain text', { 'content-type': 'text/plain' }],
  ])('takes JSON, and not %s', async (_title, headers) => {
    const { status } = await ask('/rename', { method: 'POST', headers, body: 'id=b1' })
    expect(status).toBe(415)
  })

  it('says so when an address takes no idempotency key', async () => {
    const { status, body } = await ask('/rename', post({}, { 'idempotency-key': 'k' }))
    expect([status, body.error?.['code']]).toEqual([400, 'INVALID_INPUT'])
  })

  it('with the cookie of a session is refused without the origin of this site', async () => {
    const headers = { cookie: 'heirloom_session=whatever', origin: 'https://evil.example' }
    const { status, body } = await ask('/rename', post({}, headers), null)
    expect([status, body.error?.['code']]).toEqual([403, 'CSRF_REJECTED'])
  })
})

describe('the description', () => {
  it('is there without signing in, as OpenAPI and as a page, and with tags', async () => {
    const { status, headers, body } = await ask('/openapi.json', {}, null)
    expect([status, body['openapi']]).toEqual([200, '3.1.0'])
    const again = { headers: { 'if-none-match': headers.get('etag') ?? '' } }
    expect((await ask('/openapi.json', again, null)).status).toBe(304)
    const page = await ask('', {}, null)
    expect(page.headers.get('content-type')).toContain('text/html')
    expect(page.body).toContain('/api/v1/book')
  })
})
