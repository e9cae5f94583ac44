import { randomBytes } from 'node:crypto'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { csrfScript } from '../pages/csrf-script.js'
import { TestBrowser } from '../testing/browser.js'
import { startTestGateway, type TestGateway } from '../testing/test-gateway.js'
import { createCsrf } from './csrf.js'

const frontEnd = 'https://app.test'

let gateway: TestGateway
let browser: TestBrowser

beforeAll(async () => {
  gateway = await startTestGateway({ config: { corsOrigins: [frontEnd] } })
})
afterAll(() => gateway.close())
beforeEach(async () => {
  browser = new TestBrowser()
  await browser.signIn(gateway.url, 'emily@haworth.test')
})

async function ask(path: string, headers: Record<string, string>, method = 'POST') {
  const response = await browser.go(gateway.url + path, {
    method,
    ...(method === 'POST'
      ? {
          headers: { 'content-type': 'application/json', ...headers },
          body: '{"query":"{ whoami { tenant } }"}',
        }
      : { headers }),
  })
  const { error } = (await response.json()) as { error?: { code: string } }
  return [response.status, error?.code]
}

const rejected = [403, 'CSRF_REJECTED']

describe('a request with the cookie of a session', () => {
  it.each([
    ['POST', '/graphql'],
    ['POST', '/graphql/stream'],
    ['POST', '/auth/logout'],
    ['POST', '/auth/identities/default'],
    ['DELETE', '/auth/sessions'],
    ['DELETE', `/auth/sessions/${'a'.repeat(64)}`],
    ['DELETE', '/auth/identities/x'],
  ])('needs both the origin and the token: %s %s', async (method, path) => {
    const page = browser.pageHeaders(gateway.url)
    const { 'x-csrf-token': token = '' } = page
    const other = new TestBrowser()
    await other.signIn(gateway.url, 'anne@haworth.test')
    const { 'x-csrf-token': anothers = '' } = other.pageHeaders(gateway.url)
    const forged: Record<string, string>[] = [
      { origin: gateway.url },
      { origin: gateway.url, 'x-csrf-token': '' },
      { origin: gateway.url, 'x-csrf-token': anothers },
      { origin: gateway.url, 'x-csrf-token': `${token}x` },
      { origin: 'https://evil.test', 'x-csrf-token': token },
      { origin: `${gateway.url}.evil.test`, 'x-csrf-token': token },
      { origin: 'null', 'x-csrf-token': token },
      { 'x-csrf-token': token },
      { ...page, 'sec-fetch-site': 'cross-site' },
    ]
    for (const headers of forged) expect(await ask(path, headers, method)).toEqual(rejected)
    const shown = (await (await browser.go(`${gateway.url}/auth/session`)).json()) as object
    expect(shown).toMatchObject({ signed_in: true })
  })

  it('is answered when it has both, to pages of ours and to those that are allowed', async () => {
    const page = browser.pageHeaders(gateway.url)
    expect(await ask('/graphql', page)).toEqual([200, undefined])
    expect(await ask('/graphql', { ...page, 'sec-fetch-site': 'same-origin' })).toEqual([
      200,
      undefined,
    ])
    expect(await ask('/graphql', { ...page, origin: frontEnd })).toEqual([200, undefined])
  })

  it('cannot be a form: GraphQL takes JSON alone', async () => {
    const page = browser.pageHeaders(gateway.url)
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      const [status] = await ask('/graphql', { ...page, 'content-type': type })
      expect(status).toBe(415)
    }
  })
})

describe('the token', () => {
  it('is in a cookie that scripts read and other sites never cause to be sent', async () => {
    const fresh = new TestBrowser()
    const login = await fresh.go(`${gateway.url}/auth/login`)
    const callback = await fresh.callbackFor(login, 'emily@haworth.test')
    const response = await fresh.go(callback.href)
    const cookies = response.headers.getSetCookie()
    const csrf = cookies.find((cookie) => cookie.startsWith('heirloom_csrf=')) ?? ''
    expect(csrf).toContain('SameSite=Strict')
    expect(csrf).not.toContain('HttpOnly')
    expect(cookies.find((cookie) => cookie.startsWith('heirloom_session='))).toContain('HttpOnly')
  })

  it('stays good while keys are rotated, and is of its own session alone', () => {
    const [older, newer] = [randomBytes(32), randomBytes(32)].map((key, index) => ({
      kid: String(index),
      key,
    })) as [{ kid: string; key: Buffer }, { kid: string; key: Buffer }]
    const options = { publicUrl: new URL('https://heirloom.test'), corsOrigins: [] }
    const before = createCsrf({ ...options, keys: [older] })
    const during = createCsrf({ ...options, keys: [newer, older] })
    const after = createCsrf({ ...options, keys: [newer] })
    const token = before.tokenFor('secret')
    expect(() => during.assertToken('secret', token)).not.toThrow()
    expect(during.tokenFor('secret')).toBe(after.tokenFor('secret'))
    expect(() => after.assertToken('secret', token)).toThrow('earlier session')
    expect(() => during.assertToken('another', token)).toThrow('earlier session')
    expect(() => during.assertToken(undefined, token)).toThrow('earlier session')
  })

  it('is sent by the pages of the gateway: with requests to it, and first of all on a socket', () => {
    const asked: [string, string | null][] = []
    const sent: unknown[] = []
    class Socket {
      send(data: string): void {
        sent.push(JSON.parse(data))
      }
    }
    const page = {
      document: { cookie: 'a=b; __Host-heirloom_csrf=the-token; c=d' },
      location: new URL(gateway.url),
      WebSocket: Socket,
      Headers,
      Request,
      URL,
      window: {
        fetch: (input: string, init: { headers?: Headers }) => {
          asked.push([input, new Headers(init.headers).get('x-csrf-token')])
        },
      },
    }
    runInNewContext(csrfScript, page)
    page.window.fetch('/graphql', {})
    page.window.fetch('https://evil.test/graphql', {})
    expect(asked).toEqual([
      ['/graphql', 'the-token'],
      ['https://evil.test/graphql', null],
    ])
    const socket = new Socket()
    socket.send('{"type":"connection_init","payload":{"a":1}}')
    socket.send('{"type":"subscribe","payload":{"query":"connection_init"}}')
    expect(sent).toEqual([
      { type: 'connection_init', payload: { a: 1, 'x-csrf-token': 'the-token' } },
      { type: 'subscribe', payload: { query: 'connection_init' } },
    ])
  })
})

describe('a page of another origin', () => {
  const preflight = (origin: string, own = gateway) =>
    fetch(`${own.url}/graphql`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type, x-csrf-token',
      },
    })

  it('may ask and read when it is named, and is told so before it does', async () => {
    const response = await preflight(frontEnd)
    expect(response.status).toBe(204)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'access-control-allow-origin': frontEnd,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'GET, HEAD, POST, DELETE',
      'access-control-allow-headers': expect.stringContaining('x-csrf-token') as string,
      vary: 'origin',
    })
    const shown = await browser.go(`${gateway.url}/auth/session`, { headers: { origin: frontEnd } })
    expect(shown.headers.get('access-control-allow-origin')).toBe(frontEnd)
    expect(shown.headers.get('vary')).toContain('origin')
  })

  it.each(['https://evil.test', `${frontEnd}.evil.test`, 'http://app.test', 'null'])(
    'is allowed nothing when it is not: %s',
    async (origin) => {
      const refused = await preflight(origin)
      expect(refused.status).toBe(405)
      const shown = await browser.go(`${gateway.url}/auth/session`, { headers: { origin } })
      for (const response of [refused, shown]) {
        expect(response.headers.has('access-control-allow-origin')).toBe(false)
        expect(response.headers.has('access-control-allow-credentials')).toBe(false)
        // A cache must not hand one origin's answer to another.
        expect(response.headers.get('vary')).toContain('origin')
      }
    },
  )

  it('is allowed nothing where no origin is configured', async () => {
    const own = await startTestGateway()
    try {
      const refused = await preflight(frontEnd, own)
      expect(refused.status).toBe(405)
      expect(refused.headers.has('access-control-allow-origin')).toBe(false)
    } finally {
      await own.close()
    }
  })
})
