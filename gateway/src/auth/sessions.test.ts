import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { testLogger } from '@heirloom/testkit'
import { TestBrowser } from '../testing/browser.js'
import { connect } from '../testing/follow.js'
import { startTestGateway, type AnotherGateway, type TestGateway } from '../testing/test-gateway.js'
import { createKeyring } from './sealed.js'
import { maxSessionsPerUser } from './session-limits.js'
import { createSessionStore, type SessionContent } from './session-store.js'

const accessTokenMs = 600_000
const logger = testLogger()
const warned = vi.spyOn(logger, 'warn')

let gateway: TestGateway
/** Another process behind the same public address. */
let second: AnotherGateway
let aheadMs = 0

beforeAll(async () => {
  gateway = await startTestGateway({ now: () => Date.now() + aheadMs, logger })
  second = await gateway.another()
})
afterAll(() => gateway.close())
beforeEach(() => warned.mockClear())
afterEach(async () => {
  aheadMs = 0
  await gateway.database.unbound.deleteFrom('session').execute()
})

async function signedIn(email = 'emily@haworth.test'): Promise<TestBrowser> {
  const browser = new TestBrowser()
  await browser.signIn(gateway.url, email)
  return browser
}

interface Listed {
  readonly id: string
  readonly current: boolean
}

async function sessionsOf(browser: TestBrowser): Promise<readonly Listed[]> {
  const response = await browser.go(`${gateway.url}/auth/sessions`)
  return ((await response.json()) as { sessions: Listed[] }).sessions
}

async function isSignedIn(browser: TestBrowser): Promise<boolean> {
  const response = await browser.go(`${gateway.url}/auth/session`)
  return ((await response.json()) as { signed_in: boolean }).signed_in
}

async function end(browser: TestBrowser, id = ''): Promise<[number, unknown]> {
  const response = await browser.go(`${gateway.url}/auth/sessions${id === '' ? '' : `/${id}`}`, {
    method: 'DELETE',
    headers: browser.pageHeaders(gateway.url),
  })
  return [response.status, await response.json()]
}

/** As a page asks, at whichever process. */
function ask(url: string, browser: TestBrowser): Promise<Response> {
  return fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      cookie: browser.cookieHeader(gateway.url),
      ...browser.pageHeaders(gateway.url),
    },
    body: JSON.stringify({ query: '{ whoami { tenant actor } }' }),
  })
}

async function stored() {
  const row = await gateway.database.unbound
    .selectFrom('session')
    .selectAll()
    .executeTakeFirstOrThrow()
  const content = createKeyring(gateway.config.sessionKeys).open(row, row.id_hash)
  return { row, content: content as SessionContent }
}

async function refreshAtProvider(refreshToken: string) {
  const { clientId, clientSecret } = gateway.provider.gatewayClient
  const response = await fetch(gateway.provider.tokenUrl, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
    },
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken }),
  })
  return (await response.json()) as { refresh_token?: string; error?: string }
}

describe('the sessions of a user', () => {
  it('are listed for that user alone, the current one marked', async () => {
    const laptop = await signedIn()
    await new Promise((resolve) => setTimeout(resolve, 5))
    const phone = await signedIn()
    await signedIn('anne@haworth.test')
    await signedIn('emma@downe.test')
    const listed = await sessionsOf(laptop)
    expect(listed.map(({ current }) => current)).toEqual([false, true])
    expect(listed[0]).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      current: false,
      provider: 'default',
      tenant_id: 't_haworth',
      user_agent: 'node',
      created_at: expect.any(String) as string,
      last_seen_at: expect.any(String) as string,
      expires_at: expect.any(String) as string,
    })
    expect((await sessionsOf(phone)).map(({ id }) => id)).toEqual(listed.map(({ id }) => id))
    expect((await fetch(`${gateway.url}/auth/sessions`)).status).toBe(401)
  })

  it('are ended one by one, or all; those of others stay', async () => {
    const [laptop, phone, tablet] = [await signedIn(), await signedIn(), await signedIn()]
    const anne = await signedIn('anne@haworth.test')
    const emma = await signedIn('emma@downe.test')
    for (const other of [anne, emma]) {
      const [theirs] = await sessionsOf(other)
      expect(await end(laptop, theirs?.id)).toMatchObject([404, { error: { code: 'NOT_FOUND' } }])
    }
    for (const nonsense of ['nonsense', 'a'.repeat(64), `${'a'.repeat(63)}%27`]) {
      expect(await end(laptop, nonsense)).toMatchObject([404, { error: { code: 'NOT_FOUND' } }])
    }
    const [phones] = (await sessionsOf(phone)).filter(({ current }) => current)
    expect(await end(laptop, phones?.id)).toEqual([200, { ended: 1 }])
    expect(await isSignedIn(phone)).toBe(false)
    expect(await isSignedIn(tablet)).toBe(true)
    expect(await end(laptop)).toEqual([200, { ended: 2 }])
    expect([await isSignedIn(laptop), await isSignedIn(tablet)]).toEqual([false, false])
    expect([await isSignedIn(anne), await isSignedIn(emma)]).toEqual([true, true])
  })

  it('are all ended by the form that says so, with what they had at the provider', async () => {
    const [laptop, phone] = [await signedIn(), await signedIn()]
    const { content } = await stored()
    const form = { everywhere: 'yes' }
    await laptop.post(`${gateway.url}/auth/logout`, form, laptop.pageHeaders(gateway.url))
    expect([await isSignedIn(laptop), await isSignedIn(phone)]).toEqual([false, false])
    const { error } = await refreshAtProvider(content.tokens.refreshToken ?? '')
    expect(error).toBe('invalid_grant')
  })

  it('are so many at most: one more ends the one whose last use is longest ago', async () => {
    const browser = await signedIn()
    const { row, content } = await stored()
    const store = createSessionStore(gateway.database, createKeyring(gateway.config.sessionKeys))
    const owner = {
      userId: row.user_id ?? '',
      issuer: row.issuer ?? '',
      subject: row.subject ?? '',
    }
    for (let index = 0; index < maxSessionsPerUser; index += 1) {
      const now = new Date(Date.now() - 3_600_000 - index)
      await store.create(randomBytes(32), owner, content, { now, expiresAt: row.expires_at })
    }
    await signedIn()
    expect((await sessionsOf(browser)).length).toBe(maxSessionsPerUser)
  })
})

describe('an access token that expires', () => {
  it('is renewed once, whichever processes find out, and again the next time', async () => {
    const browser = await signedIn('francis@downe.test')
    for (let round = 0; round < 3; round += 1) {
      aheadMs = accessTokenMs - 15_000
      const { content: before } = await stored()
      const asked = Array.from({ length: 40 }, (_, index) =>
        ask(index % 2 === 0 ? gateway.url : second.url, browser),
      )
      const statuses = (await Promise.all(asked)).map(({ status }) => status)
      // The provider ends the grant of a refresh token that it sees twice.
      expect(new Set(statuses)).toEqual(new Set([200]))
      const { content: after } = await stored()
      expect(after.tokens.refreshToken).not.toBe(before.tokens.refreshToken)
      // The provider's clock is the real one: what it gives lives from now.
      aheadMs = 0
    }
    expect(warned).not.toHaveBeenCalled()
  })

  it('ends the session, in every process and on the record, when its refresh token was used', async () => {
    const browser = await signedIn()
    const { content, row } = await stored()
    const socket = connect(second.url, browser.pageSocket(gateway.url))
    void socket
      .follow('subscription { followed(stream: "s") { text } }')
      .next()
      .catch(() => undefined)
    await gateway.log.untilFollowers(1)
    const stolen = await refreshAtProvider(content.tokens.refreshToken ?? '')
    expect(stolen.refresh_token).toBeDefined()

    aheadMs = accessTokenMs - 15_000
    const answers = await Promise.all([ask(gateway.url, browser), ask(second.url, browser)])
    expect(answers.map(({ status }) => status)).toEqual([401, 401])
    expect(await isSignedIn(browser)).toBe(false)
    expect(await socket.closed).toMatchObject({ code: 4403 })
    const [logged] = warned.mock.calls.filter(
      ([fields]) => (fields as { event?: string }).event === 'refresh_refused',
    )
    expect(logged?.[0]).toMatchObject({
      session_id: row.id_hash.toString('hex'),
      user_id: row.user_id,
      issuer: gateway.provider.issuer,
    })
    expect(JSON.stringify(logged)).not.toContain(content.tokens.refreshToken)
    // The thief is out too: the provider ended the grant.
    expect((await refreshAtProvider(stolen.refresh_token ?? '')).error).toBe('invalid_grant')
  })
})

describe('the keys that seal sessions', () => {
  it('are rotated without signing anybody out: older ones open, the newest seals', async () => {
    const browser = await signedIn('emma@downe.test')
    const newest = { kid: 's2', key: randomBytes(32) }
    const [old] = gateway.config.sessionKeys
    const sessionKeys = old === undefined ? [newest] : [newest, old]
    const rotated = await gateway.another({ config: { sessionKeys } })
    expect((await ask(rotated.url, browser)).status).toBe(200)
    expect((await stored()).row.key_id).toBe('s1')
    aheadMs = accessTokenMs - 15_000
    expect((await ask(rotated.url, browser)).status).toBe(200)
    aheadMs = 0
    const row = await gateway.database.unbound
      .selectFrom('session')
      .select('key_id')
      .executeTakeFirstOrThrow()
    expect(row.key_id).toBe('s2')
    const without = await gateway.another({
      config: { sessionKeys: [{ kid: 's3', key: randomBytes(32) }] },
    })
    const asked = await fetch(`${without.url}/auth/session`, {
      headers: { cookie: browser.cookieHeader(gateway.url) },
    })
    expect(await asked.json()).toEqual({ signed_in: false })
    await rotated.close()
    await without.close()
  })
})

describe('a cookie that somebody else planted', () => {
  it('is not what signing in makes good', async () => {
    const planted = 'A'.repeat(43)
    const browser = new TestBrowser()
    const cookies = browser.cookiesOf(gateway.url) as Map<string, string>
    cookies.set('heirloom_session', planted)
    cookies.set('heirloom_csrf', planted)
    await browser.signIn(gateway.url, 'emily@haworth.test')
    expect(browser.cookiesOf(gateway.url).get('heirloom_session')).not.toBe(planted)
    expect(browser.cookiesOf(gateway.url).get('heirloom_csrf')).not.toBe(planted)
    const cookie = `heirloom_session=${planted}`
    const asked = await fetch(`${gateway.url}/auth/session`, { headers: { cookie } })
    expect(await asked.json()).toEqual({ signed_in: false })
  })

  it('finishes no sign-in that another browser began', async () => {
    const attacker = new TestBrowser()
    const leaving = await attacker.go(`${gateway.url}/auth/login`)
    const { href: target } = await attacker.callbackFor(leaving, 'emily@haworth.test')
    const victim = new TestBrowser()
    expect((await victim.go(target)).status).toBe(400)
    expect(await isSignedIn(victim)).toBe(false)
  })
})
