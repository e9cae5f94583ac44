import { afterEach, describe, expect, it } from 'vitest'
import { AppError } from '@heirloom/errors'
import { startExampleSubgraph, type ExampleSubgraph } from './testing/example-subgraph.js'

const opened: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of opened.splice(0).toReversed()) await each.close()
})

async function start(ready?: () => Promise<void>): Promise<ExampleSubgraph> {
  const started = await startExampleSubgraph(ready)
  opened.push(started.server)
  return started
}

function post(
  { url, token }: Pick<ExampleSubgraph, 'url' | 'token'>,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

describe('a subgraph over HTTP', () => {
  it('answers 401 in the uniform envelope without a token, before it reads the query', async () => {
    const { url } = await start()
    const response = await post({ url, token: '' }, 'not even JSON')
    expect(response.status).toBe(401)
    expect(await response.json()).toEqual({
      error: {
        message: 'sign in, or send a Bearer token',
        code: 'UNAUTHENTICATED',
        http_status: 401,
        retryable: false,
        request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        details: {},
      },
    })
  })

  it('answers 401 with TOKEN_EXPIRED for an expired token', async () => {
    const { url, expired } = await start()
    const response = await post({ url, token: expired }, { query: '{ whoami }' })
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({ error: { code: 'TOKEN_EXPIRED' } })
  })

  it('hands the verified caller to the resolvers', async () => {
    const response = await post(await start(), { query: '{ whoami }' })
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ data: { whoami: 'ada' } })
  })

  it('masks an unknown error, logs it once, and gives both the id of the request', async () => {
    const started = await start()
    const response = await post(started, { query: '{ broken }' })
    const text = await response.text()
    expect(text).not.toContain('hunter2')
    expect(JSON.parse(text)).toMatchObject({
      data: { broken: null },
      errors: [
        {
          message: 'something went wrong on our side',
          path: ['broken'],
          extensions: { code: 'INTERNAL', http_status: 500, request_id: 'request-1' },
        },
      ],
    })
    expect(started.log).toHaveLength(1)
    expect(started.log[0]).toMatchObject({
      request_id: 'request-1',
      path: ['broken'],
      err: { message: 'the password is hunter2' },
    })
  })

  it('gives the fields of an AppError in extensions, as the envelope does', async () => {
    const started = await start()
    const response = await post(started, { query: '{ refused }' })
    expect(await response.json()).toMatchObject({
      errors: [
        {
          message: 'not like this',
          extensions: {
            code: 'CONFLICT',
            http_status: 409,
            retryable: false,
            request_id: 'request-1',
            details: { field: 'refused' },
          },
        },
      ],
    })
    expect(started.log).toEqual([])
  })

  it('logs the outage that a client is told of', async () => {
    const started = await start()
    const response = await post(started, { query: '{ away }' })
    expect(await response.json()).toMatchObject({
      data: null,
      errors: [{ extensions: { code: 'BACKEND_UNAVAILABLE', retryable: true } }],
    })
    expect(started.log).toMatchObject([{ code: 'BACKEND_UNAVAILABLE', request_id: 'request-1' }])
  })

  it.each([
    ['that cannot be parsed', { query: '{ whoami' }, 'GRAPHQL_PARSE_FAILED'],
    ['for a field that is not there', { query: '{ nothing }' }, 'GRAPHQL_VALIDATION_FAILED'],
    [
      'with a variable of another type',
      { query: 'query Q($of: Int!) { double(of: $of) }', variables: { of: 'two' } },
      'INVALID_INPUT',
    ],
    ['for a subscription', { query: 'subscription { count(to: 1) }' }, 'INVALID_INPUT'],
    [
      'with an operation that it lacks',
      { query: '{ whoami }', operationName: 'B' },
      'INVALID_INPUT',
    ],
  ])('tells the caller what is wrong with a query %s', async (_title, body, code) => {
    const started = await start()
    const response = await post(started, body)
    expect(await response.json()).toEqual({
      errors: [
        expect.objectContaining({
          message: expect.not.stringContaining('our side'),
          extensions: expect.objectContaining({ code, request_id: 'request-1', http_status: 400 }),
        }),
      ],
    })
    expect(started.log).toEqual([])
  })

  it('answers a request that was not run with 400 where the client takes a GraphQL response', async () => {
    const started = await start()
    const headers = { accept: 'application/graphql-response+json' }
    const response = await post(started, { query: '{ nothing }' }, headers)
    expect(response.status).toBe(400)
    const partial = await post(started, { query: '{ refused }' }, headers)
    expect(partial.status).toBe(200)
  })

  it.each([
    ['no JSON', '{"query":', 400, 'INVALID_INPUT'],
    ['an empty body', '', 400, 'INVALID_INPUT'],
    ['an empty object', '{}', 400, 'INVALID_INPUT'],
    ['a list', '[{"query":"{ whoami }"}]', 400, 'INVALID_INPUT'],
    ['too many bytes', `"${'x'.repeat(9 * 1024 * 1024)}"`, 413, 'PAYLOAD_TOO_LARGE'],
  ])('refuses %s in the uniform envelope', async (_title, body, status, code) => {
    const started = await start()
    const response = await post(started, body)
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ error: { code, request_id: 'request-1' } })
    expect(started.log).toEqual([])
  })

  it('refuses a form, which a page of another site could send', async () => {
    const started = await start()
    const response = await post(started, 'query={ whoami }', {
      'content-type': 'application/x-www-form-urlencoded',
    })
    expect(await response.json()).toMatchObject({ error: { code: 'INVALID_INPUT' } })
  })

  it('answers 404 in the uniform envelope for what is not there', async () => {
    const { url } = await start()
    const response = await fetch(`${url}/other`)
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ error: { code: 'NOT_FOUND' } })
  })
})

describe('the probes', () => {
  it('say that the process lives, without a token', async () => {
    const { url } = await start(() => Promise.reject(new Error('no database')))
    const response = await fetch(`${url}/healthz`)
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ status: 'ok', service: 'example' })
  })

  it('say that it can serve', async () => {
    const { url } = await start()
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
  })

  it.each([
    ['by its code', new AppError('BACKEND_UNAVAILABLE', 'the database cannot be reached')],
    ['whatever it throws', new Error('the password is hunter2')],
  ])('answer 503 in the uniform envelope while it cannot serve, %s', async (_title, reason) => {
    const { url } = await start(() => Promise.reject(reason))
    const response = await fetch(`${url}/readyz`)
    expect(response.status).toBe(503)
    const text = await response.text()
    expect(JSON.parse(text)).toMatchObject({
      error: { code: 'BACKEND_UNAVAILABLE', http_status: 503, retryable: true },
    })
    expect(text).not.toContain('hunter2')
  })
})
