import { SignJWT, UnsecuredJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from './testing/test-gateway.js'

let gateway: TestGateway
let token: string

beforeAll(async () => {
  gateway = await startTestGateway({ subgraphTimeoutMs: 3_000 })
  token = await gateway.serviceToken()
})

afterAll(() => gateway.close())

async function post(body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

async function refusal(
  response: Response,
): Promise<{ status: number; code: string; body: unknown }> {
  const body = (await response.json()) as { error: { code: string } }
  return { status: response.status, code: body.error.code, body }
}

describe('a federated query', () => {
  it('gathers fields of several subgraphs into one result', async () => {
    const { status, data, errors } = await gateway.client(token)(
      '{ books { title author { name } postage shelves { keeper { friends { name } } } } }',
    )
    expect(errors).toBeUndefined()
    expect(status).toBe(200)
    expect(data?.['books']).toMatchObject([
      { title: 'Jane Eyre', author: { name: 'Charlotte' }, postage: 90 },
      { title: 'Agnes Grey', author: { name: 'Anne' }, postage: 100 },
      { title: 'Anonymous', author: null },
      { title: 'By somebody gone', author: null },
    ])
  })

  it('tells the subgraph who asks, from the token and from nothing else', async () => {
    const ask = '{ whoami { tenant actor roles requestId } }'
    const mine = await gateway.client(token)(ask)
    expect(mine.data?.['whoami']).toMatchObject({
      tenant: 't_haworth',
      actor: 'service:cli',
      roles: ['owner'],
    })
    const theirs = await gateway.client(await gateway.serviceToken('t_downe'))(ask)
    expect(theirs.data?.['whoami']).toMatchObject({ tenant: 't_downe' })
  })

  it('makes the sub of the provider a user, and leaves roles out that are not ours', async () => {
    const forged = await gateway.forge({ sub: 'u7', roles: ['offline_access', 'editor'] })
    const { data } = await gateway.client(forged)('{ whoami { actor roles } }')
    expect(data?.['whoami']).toEqual({ actor: 'user:u7', roles: ['editor'] })
  })

  it('carries the request id and the trace of the caller to the subgraph and back', async () => {
    const response = await post(
      { query: '{ whoami { requestId traceparent } }' },
      {
        'x-request-id': 'req-12345678',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      },
    )
    expect(response.headers.get('x-request-id')).toBe('req-12345678')
    const { data } = (await response.json()) as {
      data: { whoami: { requestId: string; traceparent: string } }
    }
    expect(data.whoami.requestId).toBe('req-12345678')
    expect(data.whoami.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-/)
  })

  it('runs mutations', async () => {
    const { data } = await gateway.client(token)(
      'mutation { rename(id: "b2", title: "Agnes Grey") { title author { name } } }',
    )
    expect(data?.['rename']).toEqual({ title: 'Agnes Grey', author: { name: 'Anne' } })
  })
})

describe('errors of an operation', () => {
  const uniform = ['code', 'details', 'http_status', 'request_id', 'retryable']

  async function onlyError(query: string, variables: Record<string, unknown> = {}) {
    const answer = await gateway.client(token)(query, variables)
    const [error] = answer.errors ?? []
    expect(answer.errors).toHaveLength(1)
    expect(Object.keys(error?.extensions ?? {}).sort()).toEqual(uniform)
    expect(error?.extensions?.['request_id']).toMatch(/^[0-9A-Z]{26}$/)
    expect(JSON.stringify(answer.errors)).not.toMatch(/library|people|stack|hunter2|127\.0\.0\.1/)
    return { ...answer, message: error?.message, path: error?.path, extensions: error?.extensions }
  }

  it('keep code, details and path of the subgraph', async () => {
    const { status, data, message, path, extensions } = await onlyError('{ c: conflict }')
    expect({ status, data, message, path }).toEqual({
      status: 200,
      data: { c: null },
      message: 'somebody was faster',
      path: ['c'],
    })
    expect(extensions).toMatchObject({
      code: 'CONFLICT',
      http_status: 409,
      retryable: false,
      details: { winner: 'a2' },
    })
  })

  it('reveal nothing of what broke inside', async () => {
    const { extensions, message } = await onlyError('{ crash }')
    expect(extensions).toMatchObject({ code: 'INTERNAL', http_status: 500 })
    expect(message).toBe('something went wrong on our side')
  })

  it('name an entity that failed by its own path', async () => {
    const { path, data, extensions } = await onlyError('{ books { author { grumpy } } }')
    expect(path).toEqual(['books', 1, 'author', 'grumpy'])
    expect(extensions?.['code']).toBe('FORBIDDEN')
    expect(data?.['books']).toMatchObject([{ author: { grumpy: 'no' } }, {}, {}, {}])
  })

  it.each([
    ['syntax', '{ books {', 400, 'GRAPHQL_PARSE_FAILED'],
    ['an unknown field', '{ bookz { title } }', 400, 'GRAPHQL_VALIDATION_FAILED'],
    [
      'an operation that is not named',
      'query A { __typename } query B { __typename }',
      400,
      'INVALID_INPUT',
    ],
    ['a subscription over HTTP', 'subscription { ticks(count: 1) }', 400, 'INVALID_INPUT'],
  ])('refuse %s', async (_what, query, status, code) => {
    const answer = await onlyError(query)
    expect({ status: answer.status, code: answer.extensions?.['code'] }).toEqual({ status, code })
    expect(answer.data ?? null).toBeNull()
  })

  it('refuse a variable of the wrong type', async () => {
    const answer = await onlyError('query Q($id: ID!) { book(id: $id) { id } }', { id: { a: 1 } })
    expect(answer.status).toBe(400)
    expect(answer.extensions?.['code']).toBe('INVALID_INPUT')
  })

  it('say TIMEOUT when a subgraph takes too long', async () => {
    const { extensions, data } = await onlyError('{ slow }')
    expect(extensions).toMatchObject({ code: 'TIMEOUT', http_status: 504, retryable: true })
    expect(data).toEqual({ slow: null })
  })

  it('say SUBGRAPH_UNAVAILABLE when a subgraph is away, and keep what the others answered', async () => {
    await gateway.stopSubgraph('people')
    const { extensions, data } = await onlyError('{ book(id: "b1") { title author { name } } }')
    expect(extensions).toMatchObject({ code: 'SUBGRAPH_UNAVAILABLE', retryable: true })
    expect(data).toEqual({ book: { title: 'Jane Eyre', author: null } })
    await gateway.startSubgraph('people')
    const again = await gateway.client(token)('{ book(id: "b1") { author { name } } }')
    expect(again.errors).toBeUndefined()
  })

  it('say so when a reference that must be there leads nowhere and takes all with it', async () => {
    const { data, path, extensions } = await onlyError('{ shelved { name } }')
    expect(data).toBeNull()
    expect(path).toEqual(['shelved', 'name'])
    expect(extensions?.['code']).toBe('NOT_FOUND')
  })

  it('do not arise from a reference that may be missing and leads nowhere', async () => {
    const { data, errors } = await gateway.client(token)('{ book(id: "b4") { author { name } } }')
    expect(errors).toBeUndefined()
    expect(data).toEqual({ book: { author: null } })
  })
})

describe('limits', () => {
  async function code(query: string): Promise<unknown> {
    const { status, errors } = await gateway.client(token)(query)
    expect(status).toBe(400)
    return errors?.[0]?.extensions?.code
  }
  const nested = (depth: number) =>
    `{ author(id: "a1") ${'{ friends '.repeat(depth)}{ id }${'}'.repeat(depth)} }`

  it('refuse what is too deep, too wide, too much aliased or too long', async () => {
    expect(await code(nested(20))).toBe('QUERY_TOO_COMPLEX')
    expect((await gateway.client(token)(nested(17))).errors).toBeUndefined()
    const aliases = Array.from({ length: 101 }, (_, i) => `a${i}: id`).join(' ')
    expect(await code(`{ author(id: "a1") { ${aliases} } }`)).toBe('QUERY_TOO_COMPLEX')
    const roots = Array.from({ length: 51 }, () => 'books { id }').join(' ')
    expect(await code(`{ ${roots} }`)).toBe('QUERY_TOO_COMPLEX')
    expect(await code(`{ ${'books { id } '.repeat(2_000)} }`)).toBe('QUERY_TOO_COMPLEX')
  })

  it('count fragments as often as they are spread', async () => {
    const doubling = Array.from(
      { length: 12 },
      (_, i) => `fragment F${i} on Author { ...F${i + 1} ...F${i + 1} }`,
    )
    const query = `{ author(id: "a1") { ...F0 } } ${doubling.join(' ')} fragment F12 on Author { id }`
    expect(await code(query)).toBe('QUERY_TOO_COMPLEX')
  })

  it('end at fragments that contain themselves', async () => {
    const query = '{ author(id: "a1") { ...F } } fragment F on Author { friends { ...F } }'
    expect(await code(query)).toBe('GRAPHQL_VALIDATION_FAILED')
  })
})

describe('who may not ask', () => {
  it.each([
    ['no token', undefined, 'UNAUTHENTICATED'],
    ['another scheme', 'Basic dXNlcjpwYXNz', 'UNAUTHENTICATED'],
    ['nonsense', 'Bearer nonsense', 'TOKEN_INVALID'],
  ])('gets 401 with %s, before anything is parsed', async (_what, authorization, code) => {
    const response = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(authorization === undefined ? {} : { authorization }),
      },
      body: 'not even JSON',
    })
    expect(response.headers.get('www-authenticate')).toBe('Bearer')
    expect(await refusal(response)).toMatchObject({ status: 401, code })
  })

  it('gets 401 with a token that is expired, foreign, unsigned or signed by somebody else', async () => {
    const claims = { sub: 'u1', tenant_id: 't_haworth', mode: 'saas', roles: ['owner'] }
    const unsigned = new UnsecuredJWT(claims)
      .setIssuer(gateway.provider.issuer)
      .setAudience(gateway.provider.audience)
      .setExpirationTime('1h')
      .encode()
    const symmetric = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer(gateway.provider.issuer)
      .setAudience(gateway.provider.audience)
      .setExpirationTime('1h')
      .sign(new TextEncoder().encode('a secret that everybody could know'))
    const cases = [
      [await gateway.forge({}, { expiresAt: 1_000_000 }), 'TOKEN_EXPIRED'],
      [await gateway.forge({}, { audience: 'somebody-else' }), 'TOKEN_INVALID'],
      [await gateway.forge({}, { issuer: 'http://evil.test' }), 'TOKEN_INVALID'],
      [await gateway.forge({ tenant_id: undefined }), 'TOKEN_INVALID'],
      [await gateway.forge({ tenant_id: 'T; drop' }), 'TOKEN_INVALID'],
      [await gateway.forge({ mode: 'god' }), 'TOKEN_INVALID'],
      [unsigned, 'TOKEN_INVALID'],
      [symmetric, 'TOKEN_INVALID'],
      [`${(await gateway.forge({})).slice(0, -6)}AAAAAA`, 'TOKEN_INVALID'],
    ] as const
    for (const [bearer, code] of cases) {
      const response = await post(
        { query: '{ books { id } }' },
        { authorization: `Bearer ${bearer}` },
      )
      expect(await refusal(response)).toMatchObject({ status: 401, code })
    }
  })
})

describe('requests that are no operation', () => {
  it.each([
    ['broken JSON', '{"query":', 'INVALID_INPUT', 400],
    ['an empty body', '', 'INVALID_INPUT', 400],
    ['a list', '[]', 'INVALID_INPUT', 400],
    ['no query', '{}', 'INVALID_INPUT', 400],
    ['variables that are text', '{"query":"{ __typename }","variables":"x"}', 'INVALID_INPUT', 400],
    ['a name that is none', '{"query":"{ __typename }","operationName":1}', 'INVALID_INPUT', 400],
    ['too much', JSON.stringify({ query: 'x'.repeat(9 * 1024 * 1024) }), 'PAYLOAD_TOO_LARGE', 413],
  ])('are refused with the envelope: %s', async (_what, body, code, status) => {
    expect(await refusal(await post(body))).toMatchObject({ status, code })
  })

  it('are refused in other media types, as forms of other sites would send them', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
      const response = await post('query={books{id}}', { 'content-type': type })
      expect(await refusal(response)).toMatchObject({ status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' })
    }
  })

  it('are refused by GET, and a path that leads nowhere says so', async () => {
    const asked = await fetch(`${gateway.url}/graphql?query={books{id}}`)
    expect(await refusal(asked)).toMatchObject({ status: 405, code: 'METHOD_NOT_ALLOWED' })
    expect(asked.headers.get('allow')).toBe('POST')
    const lost = await fetch(`${gateway.url}/nowhere?x=1`)
    expect((await refusal(lost)).body).toMatchObject({
      error: {
        code: 'NOT_FOUND',
        http_status: 404,
        retryable: false,
        details: {},
        request_id: expect.any(String) as string,
      },
    })
  })
})
