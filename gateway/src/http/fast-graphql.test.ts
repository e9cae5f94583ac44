import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import fastify from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AppError } from '@heirloom/errors'
import { eventually, testLogger } from '@heirloom/testkit'
import type { Access } from '../access.js'
import type { OperationRequest } from '../federation/operations.js'
import { testCaller } from '../testing/test-caller.js'
import { answerErrorsWithEnvelope, envelopeBeforeRoutes } from './errors.js'
import { noRateLimits } from '../guard/rate-limits.js'
import { serveGraphQLFast } from './fast-graphql.js'
import { serveGraphQL } from './graphql-route.js'
import { requestIdIn } from './request-ids.js'
import { sendSecurityHeaders } from './security-headers.js'

// Whatever a client sends, it is answered the same by the fast way and by the other one.

const bodyLimit = 100_000
const newId = () => 'a-new-request-id'
const publicUrl = new URL('https://heirloom.example')
let isClosing = false
let admitted = 0
const ran: OperationRequest[] = []

const access: Pick<Access, 'admitRequest'> = {
  admitRequest: ({ headers }) => {
    admitted += 1
    const { authorization } = headers
    if (authorization === 'broken') return Promise.reject(new Error('a secret'))
    if (authorization === undefined) {
      return Promise.reject(new AppError('UNAUTHENTICATED', 'say who you are'))
    }
    return Promise.resolve((ids) => ({
      ...ids,
      rights: '',
      createCaller: () => ({ ...testCaller(), ...ids }),
    }))
  },
}
const operations = {
  respond: ({ charge: _charge, ...operation }: OperationRequest) => {
    ran.push(operation)
    if (operation.query === 'throw') return Promise.reject(new Error('a secret'))
    const status = operation.query === 'refuse' ? 400 : 200
    return Promise.resolve({ status, body: JSON.stringify({ data: operation.query }) })
  },
}

const app = fastify({
  ...envelopeBeforeRoutes(newId),
  bodyLimit,
  genReqId: ({ headers }) => requestIdIn(headers, newId),
})
app.removeContentTypeParser('text/plain')
sendSecurityHeaders(app, publicUrl)
answerErrorsWithEnvelope(app, testLogger())
serveGraphQL(app, { operations, access, rateLimits: noRateLimits })
serveGraphQLFast(app.server, {
  operations,
  access,
  rateLimits: noRateLimits,
  publicUrl,
  newId,
  maxBodyBytes: bodyLimit,
  logger: testLogger(),
  isClosing: () => isClosing,
})

beforeAll(async () => {
  await app.listen({ host: '127.0.0.1', port: 0 })
})

afterAll(() => app.close())

const port = () => (app.server.address() as AddressInfo).port

async function post(body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string>) {
  const response = await fetch(`http://127.0.0.1:${port()}/graphql`, {
    method: 'POST',
    headers: { authorization: 'Bearer t', ...headers },
    body,
  })
  const unlike = ['date', 'connection', 'keep-alive']
  const all = new Map([...response.headers].filter(([name]) => !unlike.includes(name)))
  return { status: response.status, headers: all, body: await response.text() }
}

/** The same request, once as the fast way takes it and once as it leaves it to the other. */
async function bothWays(
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
) {
  const type = headers['content-type'] ?? 'application/json'
  const fast = await post(body, { ...headers, 'content-type': type })
  isClosing = true
  const slow = await post(body, { ...headers, 'content-type': type })
  isClosing = false
  return { fast, slow }
}

describe('a request', () => {
  it.each<[string, string | Uint8Array<ArrayBuffer>, Record<string, string>?]>([
    ['is plain', '{"query":"{ a }"}'],
    ['names everything', '{"query":"{ a }","operationName":"A","variables":{"a":[1,{"b":null}]}}'],
    ['is not ASCII', '{"query":"{ å 🙂 }"}'],
    ['is not UTF-8', Uint8Array.from('{"query":"\xff\xfe"}', (char) => char.charCodeAt(0))],
    ['is refused', '{"query":"refuse"}'],
    ['fails', '{"query":"throw"}'],
    ['has an id', '{"query":"{ a }"}', { 'x-request-id': 'request-1234' }],
    ['has an id that is none', '{"query":"{ a }"}', { 'x-request-id': 'a b' }],
    [
      'asks for the younger type',
      '{"query":"{ a }"}',
      { accept: 'application/graphql-response+json' },
    ],
    ['is empty', ''],
    ['is no JSON', '{"query":'],
    ['is a list', '[{"query":"{ a }"}]'],
    ['is null', 'null'],
    ['has no query', '{"variables":{}}'],
    ['has a blank query', '{"query":"  "}'],
    ['has variables that are none', '{"query":"{ a }","variables":[1]}'],
    ['has a name that is none', '{"query":"{ a }","operationName":1}'],
    ['would change prototypes', '{"query":"{ a }","variables":{"__proto__":{"a":1}}}'],
    ['would change them in disguise', '{"query":"{ a }","variables":{"__pr\\u006fto__":{"a":1}}}'],
    [
      'would change those of others',
      '{"query":"{ a }","variables":{"constructor":{"prototype":{}}}}',
    ],
    [
      'has a harmless constructor',
      '{"query":"{ a }","variables":{"constructor":"x","b":"\\u00e5"}}',
    ],
    ['is large', JSON.stringify({ query: 'x'.repeat(80_000) })],
    ['is too large', JSON.stringify({ query: 'x'.repeat(200_000) })],
    ['is of another type', '{"query":"{ a }"}', { 'content-type': 'text/plain' }],
    [
      'says more of its type',
      '{"query":"{ a }"}',
      { 'content-type': 'application/json;charset=UTF-8' },
    ],
    ['comes from nobody', '{"query":"{ a }"}', { authorization: '' }],
    ['finds who lets in broken', '{"query":"{ a }"}', { authorization: 'broken' }],
  ])('is answered alike when it %s', async (_what, body, headers) => {
    ran.length = 0
    const { fast, slow } = await bothWays(body, headers)
    expect(fast).toEqual(slow)
    expect(fast.body).not.toContain('a secret')
    expect(ran[0]).toEqual(ran[1])
    expect(ran.length % 2).toBe(0)
  })

  it('goes the other way when it is not plain', async () => {
    const response = await fetch(`http://127.0.0.1:${port()}/graphql?x=1`, { method: 'PUT' })
    expect(response.status).toBe(405)
  })

  it('of nobody is answered before its body is read, and costs nobody the connection', async () => {
    const head = 'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n'
    const text = await exchanged(`${head}content-length: 50000\r\n\r\n{`, 'UNAUTHENTICATED')
    expect(text).toContain('HTTP/1.1 401 ')
    expect(text).toContain('www-authenticate: Bearer')
  })

  it('that is never finished runs nothing', async () => {
    ran.length = 0
    const before = admitted
    const socket = connect(port(), '127.0.0.1')
    socket.write(
      'POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: t\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{"query":',
    )
    await eventually(() => Promise.resolve(admitted > before))
    socket.destroy()
    expect((await post('{"query":"{ a }"}', { 'content-type': 'application/json' })).status).toBe(
      200,
    )
    expect(ran.length).toBe(1)
  })

  it('may follow another on the same connection before that is answered', async () => {
    const one = (query: string) => {
      const body = JSON.stringify({ query })
      return `POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: t\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
    }
    const text = await exchanged(one('first') + one('second') + one('third'), '"third"')
    expect(text.match(/"(first|second|third)"/g)).toEqual(['"first"', '"second"', '"third"'])
  })
})

/** What the server says to these bytes, up to the words that end it. */
function exchanged(bytes: string, until: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port(), '127.0.0.1', () => socket.write(bytes))
    let text = ''
    socket.setEncoding('latin1')
    socket.on('data', (piece: string) => {
      text += piece
      if (!text.includes(until)) return
      socket.destroy()
      resolve(text)
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(text))
  })
}
