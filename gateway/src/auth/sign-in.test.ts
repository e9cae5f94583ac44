import { createHash } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { TestBrowser } from '../testing/browser.js'
import { startTestGateway, type TestGateway } from '../testing/test-gateway.js'

let gateway: TestGateway
let browser: TestBrowser
/** The gateway's clock runs ahead of the provider's by so much. */
let aheadMs = 0

beforeAll(async () => {
  gateway = await startTestGateway({
    now: () => Date.now() + aheadMs,
    sessionLimits: { idleMs: 3_600_000, absoluteMs: 7_200_000 },
  })
})
afterAll(() => gateway.close())
beforeEach(() => {
  browser = new TestBrowser()
  aheadMs = 0
})

const cookieName = 'heirloom_session'

interface SessionAnswer {
  readonly signed_in: boolean
  readonly csrf_token: string
  readonly expires_at: string
}

async function session(): Promise<SessionAnswer> {
  const response = await browser.go(`${gateway.url}/auth/session`)
  return (await response.json()) as SessionAnswer
}

async function ask(
  headers: Record<string, string> = {},
): Promise<{ status: number; body: unknown }> {
  const response = await browser.go(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...browser.pageHeaders(gateway.url),
      ...headers,
    },
    body: JSON.stringify({ query: '{ whoami { tenant actor roles } }' }),
  })
  return { status: response.status, body: await response.json() }
}

async function envelope(response: Response): Promise<{ status: number; code: string }> {
  const body = (await response.json()) as { error: { code: string } }
  return { status: response.status, code: body.error.code }
}

async function storedTokens(): Promise<{ sealed: Buffer; id_hash: Buffer }[]> {
  return gateway.database.unbound.selectFrom('session').select(['sealed', 'id_hash']).execute()
}

describe('signing in', () => {
  it('goes to the provider and comes back to where it began, signed in', async () => {
    expect(await session()).toEqual({ signed_in: false })
    const page = await browser.signIn(gateway.url, 'emily@haworth.test', '/schema?from=here')
    expect(page.url).toBe(`${gateway.url}/schema?from=here`)
    expect(await session()).toMatchObject({
      signed_in: true,
      tenant_id: 't_haworth',
      mode: 'saas',
      user: { id: '01JD0HAW0RTH0EM11Y00000002', name: 'Emily' },
      roles: ['editor'],
      csrf_token: expect.any(String) as string,
    })
    expect(await ask()).toEqual({
      status: 200,
      body: {
        data: {
          whoami: {
            tenant: 't_haworth',
            actor: 'user:01JD0HAW0RTH0EM11Y00000002',
            roles: ['editor'],
          },
        },
      },
    })
  })

  it('sets a cookie that no script can read, and keeps neither it nor a token in the clear', async () => {
    const login = await browser.go(`${gateway.url}/auth/login`)
    expect(login.headers.get('set-cookie')).toMatch(/HttpOnly; SameSite=Lax/)
    const target = new URL(login.headers.get('location') ?? '')
    expect(target.searchParams.get('code_challenge_method')).toBe('S256')
    await browser.signIn(gateway.url, 'charlotte@haworth.test')
    const secret = browser.cookiesOf(gateway.url).get(cookieName) ?? ''
    const hash = createHash('sha256').update(secret).digest()
    const rows = await storedTokens()
    const mine = rows.find((row) => row.id_hash.equals(hash))
    expect(mine).toBeDefined()
    expect(mine?.sealed.includes('eyJ')).toBe(false)
    expect(rows.every((row) => !row.id_hash.includes(secret))).toBe(true)
  })

  it.each([
    'https://evil.test/',
    '//evil.test/',
    '/\\evil.test/',
    '/\t/evil.test',
    'javascript:alert(1)',
    'schema',
    '/a\r\nset-cookie: x=y',
    '',
  ])('refuses to come back to %j', async (returnTo) => {
    const url = `${gateway.url}/auth/login?return_to=${encodeURIComponent(returnTo)}`
    const response = await browser.go(url)
    expect(response.headers.get('location')).toBeNull()
    expect(await envelope(response)).toEqual({ status: 400, code: 'INVALID_INPUT' })
  })

  it('takes a callback once, from the browser that began it, with its own state', async () => {
    const login = await browser.go(`${gateway.url}/auth/login`)
    const shown = await browser.follow(login)
    let response = await browser.post(shown.url, {
      email: 'anne@haworth.test',
      password: 'heirloom',
    })
    while (!(response.headers.get('location') ?? '').includes('/auth/callback')) {
      response = await browser.go(
        new URL(response.headers.get('location') ?? '', response.url).href,
      )
    }
    const callback = response.headers.get('location') ?? ''

    const stranger = await new TestBrowser().go(callback)
    expect(await envelope(stranger)).toEqual({ status: 400, code: 'INVALID_INPUT' })
    const cookie = browser.cookieHeader(gateway.url)
    expect((await browser.go(callback)).status).toBe(302)
    const replayed = await fetch(callback, { headers: { cookie }, redirect: 'manual' })
    expect(await envelope(replayed)).toEqual({ status: 400, code: 'INVALID_INPUT' })
  })

  it.each([
    ['another state', { code: 'x', state: 'forged' }],
    ['a refusal of the provider', { error: 'access_denied' }],
  ])('is refused with %s', async (_what, query) => {
    const login = await browser.go(`${gateway.url}/auth/login`)
    const state = new URL(login.headers.get('location') ?? '').searchParams.get('state') ?? ''
    const search = new URLSearchParams({ state, ...query }).toString()
    const response = await browser.go(`${gateway.url}/auth/callback?${search}`)
    expect(await envelope(response)).toEqual({ status: 403, code: 'FORBIDDEN' })
    expect(await session()).toEqual({ signed_in: false })
  })

  it('gives a new session each time, and ends the one before', async () => {
    await browser.signIn(gateway.url, 'emma@downe.test')
    const first = browser.cookiesOf(gateway.url).get(cookieName)
    await browser.go(`${gateway.url}/auth/login`).then((response) => browser.follow(response))
    expect(browser.cookiesOf(gateway.url).get(cookieName)).not.toBe(first)
    const old = await fetch(`${gateway.url}/auth/session`, {
      headers: { cookie: `${cookieName}=${first}` },
    })
    expect(await old.json()).toEqual({ signed_in: false })
  })
})

describe('a session', () => {
  it('is refused to requests that come from another site, or from nowhere', async () => {
    await browser.signIn(gateway.url, 'emily@haworth.test')
    for (const origin of ['https://evil.test', 'null', '']) {
      expect(await ask({ origin })).toMatchObject({
        status: 403,
        body: { error: { code: 'CSRF_REJECTED' } },
      })
    }
    const logout = await browser.post(
      `${gateway.url}/auth/logout`,
      {},
      { origin: 'https://evil.test' },
    )
    expect(await envelope(logout)).toEqual({ status: 403, code: 'CSRF_REJECTED' })
    expect((await session()).signed_in).toBe(true)
  })

  it('is refused to a page of an earlier session', async () => {
    await browser.signIn(gateway.url, 'emily@haworth.test')
    const { csrf_token: token } = await session()
    expect((await ask({ 'x-csrf-token': token })).status).toBe(200)
    expect(await ask({ 'x-csrf-token': 'that-of-another' })).toMatchObject({
      status: 403,
      body: { error: { code: 'CSRF_REJECTED' } },
    })
  })

  it('is not looked at when a Bearer token says who asks', async () => {
    await browser.signIn(gateway.url, 'emily@haworth.test')
    const authorization = `Bearer ${await gateway.serviceToken('t_downe')}`
    expect(await ask({ authorization, origin: 'https://app.test' })).toMatchObject({
      status: 200,
      body: { data: { whoami: { tenant: 't_downe', actor: 'service:cli' } } },
    })
  })

  it('renews its access token shortly before that expires, once for all who wait', async () => {
    await browser.signIn(gateway.url, 'francis@downe.test')
    const before = await storedTokens()
    aheadMs = 600_000 - 15_000
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask()))
    // A refresh token that is used twice ends the grant: eight renewals would have ended it.
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200))
    expect(await storedTokens()).not.toEqual(before)
    expect((await ask()).status).toBe(200)
  })

  it('goes on with a token that is good while the provider is away, and ends when it is not', async () => {
    const own = await startTestGateway({ now: () => Date.now() + aheadMs })
    try {
      await browser.signIn(own.url, 'francis@downe.test')
      await own.stopProvider()
      aheadMs = 600_000 - 15_000
      const asked = async () => {
        const response = await browser.go(`${own.url}/auth/session`)
        return { status: response.status, body: (await response.json()) as unknown }
      }
      expect(await asked()).toMatchObject({ status: 200, body: { signed_in: true } })
      aheadMs = 700_000
      expect(await asked()).toMatchObject({
        status: 503,
        body: { error: { code: 'BACKEND_UNAVAILABLE', retryable: true } },
      })
    } finally {
      await own.close()
    }
  })

  it('ends when it is left unused, and at the latest when its time is over', async () => {
    await browser.signIn(gateway.url, 'emily@haworth.test')
    aheadMs = 3_600_000
    expect(await session()).toEqual({ signed_in: false })
    expect(browser.cookiesOf(gateway.url).has(cookieName)).toBe(false)
    aheadMs = 0
    await browser.signIn(gateway.url, 'emily@haworth.test')
    const { expires_at: expiresAt } = await session()
    expect(Date.parse(expiresAt) - Date.now()).toBeLessThanOrEqual(7_200_000)
    aheadMs = 7_200_000
    expect(await ask()).toMatchObject({ status: 401, body: { error: { code: 'UNAUTHENTICATED' } } })
  })

  it.each(['', 'short', 'A'.repeat(43), `${'A'.repeat(42)}é`])(
    'does not arise from the cookie %j',
    async (value) => {
      const cookie = `${cookieName}=${encodeURIComponent(value)}`
      const response = await fetch(`${gateway.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: gateway.url, cookie },
        body: '{}',
      })
      expect(await envelope(response)).toEqual({ status: 403, code: 'CSRF_REJECTED' })
      const shown = await fetch(`${gateway.url}/auth/session`, { headers: { cookie } })
      expect(await shown.json()).toEqual({ signed_in: false })
    },
  )
})

describe('signing out', () => {
  it('ends the session here and at the provider', async () => {
    await browser.signIn(gateway.url, 'charlotte@haworth.test')
    const cookie = browser.cookieHeader(gateway.url)
    const home = await (await browser.go(`${gateway.url}/`)).text()
    const token = /name="csrf_token" value="([^"]+)"/.exec(home)?.[1] ?? ''
    const headers = { origin: gateway.url, accept: 'text/html' }
    const out = await browser.post(`${gateway.url}/auth/logout`, { csrf_token: token }, headers)
    expect(out.status).toBe(303)
    const target = out.headers.get('location') ?? ''
    expect(target.startsWith(`${gateway.provider.issuer}/session/end?`)).toBe(true)
    expect(new URL(target).searchParams.get('post_logout_redirect_uri')).toBe(`${gateway.url}/`)
    const confirm = await (await browser.follow(out)).text()
    expect(confirm).toContain('Signing you out')

    expect(await session()).toEqual({ signed_in: false })
    const stolen = await fetch(`${gateway.url}/auth/session`, { headers: { cookie } })
    expect(await stolen.json()).toEqual({ signed_in: false })
  })

  it('answers a script with where to go', async () => {
    await browser.signIn(gateway.url, 'charlotte@haworth.test')
    const out = await browser.post(
      `${gateway.url}/auth/logout`,
      {},
      browser.pageHeaders(gateway.url),
    )
    expect(await out.json()).toMatchObject({
      signed_in: false,
      logout_url: expect.stringContaining('/session/end?') as string,
    })
  })

  it('is harmless for whoever is not signed in', async () => {
    const out = await browser.post(
      `${gateway.url}/auth/logout`,
      {},
      browser.pageHeaders(gateway.url),
    )
    expect(await out.json()).toEqual({ signed_in: false, logout_url: `${gateway.url}/` })
  })
})
