import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../testing/test-gateway.js'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
})

afterAll(() => gateway.close())

interface Refused {
  readonly status: number
  readonly type: string | undefined
  readonly error: unknown
}

/** Sends these very bytes: an HTTP client would tidy them up. */
async function sent(text: string): Promise<Refused> {
  const { port } = new URL(gateway.url)
  const chunks: Buffer[] = []
  await new Promise<void>((resolve, reject) => {
    const socket = connect(Number(port), 'localhost', () => socket.write(text))
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('close', () => resolve())
    socket.on('error', reject)
  })
  const [head = '', body = ''] = Buffer.concat(chunks).toString('utf8').split('\r\n\r\n')
  const type = /^content-type: (.*)$/im.exec(head)?.[1]?.trim()
  const { error } = JSON.parse(body) as { error: unknown }
  return { status: Number(head.split(' ')[1]), type, error }
}

const lines = (...given: readonly string[]): string =>
  [...given, 'Host: localhost', '', ''].join('\r\n')
const get = (path: string): string => lines(`GET ${path} HTTP/1.1`, 'Connection: close')
const upgrade = (...more: readonly string[]): string =>
  lines('GET /graphql HTTP/1.1', 'Connection: Upgrade', 'Upgrade: websocket', ...more)

const refusals: readonly [string, string, number, string][] = [
  ['a path that is no address', get('//'), 404, 'NOT_FOUND'],
  ['a path that opens a bracket', get('//['), 404, 'NOT_FOUND'],
  ['an escape that is none', get('/%zz'), 400, 'INVALID_INPUT'],
  ['bytes that are no HTTP', 'GARBAGE\r\n\r\n', 400, 'INVALID_INPUT'],
  [
    'headers without an end',
    lines('GET / HTTP/1.1', `X: ${'a'.repeat(20_000)}`),
    413,
    'PAYLOAD_TOO_LARGE',
  ],
  ['an upgrade without a key', upgrade('Sec-WebSocket-Version: 13'), 400, 'INVALID_INPUT'],
  [
    'an upgrade of another version',
    upgrade('Sec-WebSocket-Version: 7', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='),
    400,
    'INVALID_INPUT',
  ],
]

describe('what never comes to a route', () => {
  it.each(refusals)('is refused with the envelope: %s', async (_what, text, status, code) => {
    const refused = await sent(text)
    expect(refused).toEqual({
      status,
      type: 'application/json; charset=utf-8',
      error: {
        code,
        http_status: status,
        retryable: false,
        message: expect.any(String) as string,
        request_id: expect.stringMatching(/./) as string,
        details: {},
      },
    })
  })

  it.each([
    ['PUT', '/graphql', 'GET, HEAD, POST'],
    ['DELETE', '/schema', 'GET, HEAD'],
    ['GET', '/auth/logout', 'POST'],
  ])('is told what a path does take: %s %s', async (method, path, allow) => {
    const response = await fetch(gateway.url + path, { method })
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe(allow)
    expect(await response.json()).toMatchObject({ error: { code: 'METHOD_NOT_ALLOWED' } })
  })

  it('is not repeated at length', async () => {
    const response = await fetch(`${gateway.url}/${'a'.repeat(5_000)}`)
    expect((await response.text()).length).toBeLessThan(1_000)
  })
})
