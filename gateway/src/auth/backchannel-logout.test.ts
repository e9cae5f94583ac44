import { generateKeyPair, type JWTPayload } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { TestBrowser } from '../testing/browser.js'
import { connect, type Connected } from '../testing/follow.js'
import { startTestGateway, type AnotherGateway, type TestGateway } from '../testing/test-gateway.js'
import { signedBy } from '../testing/tokens.js'

const event = 'http://schemas.openid.net/event/backchannel-logout'
const emilySubject = '01JD0HAW0RTH0EM11Y00000002'

let gateway: TestGateway
let second: AnotherGateway

beforeAll(async () => {
  gateway = await startTestGateway()
  second = await gateway.another()
})
afterAll(() => gateway.close())
afterEach(() => gateway.database.unbound.deleteFrom('session').execute())

async function signedIn(email = 'emily@haworth.test'): Promise<TestBrowser> {
  const browser = new TestBrowser()
  await browser.signIn(gateway.url, email)
  return browser
}

async function isSignedIn(browser: TestBrowser): Promise<boolean> {
  const response = await browser.go(`${gateway.url}/auth/session`)
  return ((await response.json()) as { signed_in: boolean }).signed_in
}

/** A page that follows a stream at one of the processes. */
function following(url: string, browser: TestBrowser): Connected {
  const socket = connect(url, browser.pageSocket(gateway.url))
  const followed = socket.follow('subscription { followed(stream: "s") { text } }')
  followed.next().catch(() => undefined)
  return socket
}

let nextJti = 0

function claims(changes: JWTPayload = {}): JWTPayload {
  nextJti += 1
  const now = Math.floor(Date.now() / 1000)
  return {
    iss: gateway.provider.issuer,
    aud: gateway.provider.gatewayClient.clientId,
    iat: now,
    exp: now + 120,
    jti: `logout-${nextJti}`,
    sub: emilySubject,
    events: { [event]: {} },
    ...changes,
  }
}

async function logout(token: string | undefined, url = gateway.url): Promise<[number, unknown]> {
  const response = await fetch(`${url}/auth/backchannel-logout`, {
    method: 'POST',
    body: new URLSearchParams(token === undefined ? {} : { logout_token: token }),
  })
  expect(response.headers.get('cache-control')).toBe('no-store')
  return [response.status, await response.json()]
}

async function signed(changes: JWTPayload = {}, header = {}): Promise<string> {
  return signedBy(await gateway.providerKey(), claims(changes), { typ: 'logout+jwt', ...header })
}

const refused = [400, { error: { code: 'INVALID_INPUT' } }]

describe('a sign-out at the provider', () => {
  it('ends the session here, and its subscriptions in every process, within two seconds', async () => {
    const browser = await signedIn('charlotte@haworth.test')
    const anne = await signedIn('anne@haworth.test')
    const sockets = [following(gateway.url, browser), following(second.url, browser)]
    const others = following(second.url, anne)
    await gateway.log.untilFollowers(3)
    const page = await (await browser.go(`${gateway.provider.issuer}/session/end`)).text()
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(page)?.[1] ?? ''
    const startedAt = performance.now()
    const confirm = `${gateway.provider.issuer}/session/end/confirm`
    await browser.post(confirm, { xsrf, logout: 'yes' })
    for (const socket of sockets) {
      expect(await socket.closed).toMatchObject({ code: 4403, reason: 'UNAUTHENTICATED' })
    }
    expect(performance.now() - startedAt).toBeLessThan(2_000)
    expect(await isSignedIn(browser)).toBe(false)
    expect(await isSignedIn(anne)).toBe(true)
    expect(others.socket()?.readyState).toBe(1)
    others.client.terminate()
  })
})

describe('a logout token', () => {
  it('with a subject ends all of that user’s sessions, and nobody else’s', async () => {
    const [laptop, phone] = [await signedIn(), await signedIn()]
    const anne = await signedIn('anne@haworth.test')
    expect(await logout(await signed())).toEqual([200, { ended: 2 }])
    expect([await isSignedIn(laptop), await isSignedIn(phone)]).toEqual([false, false])
    expect(await isSignedIn(anne)).toBe(true)
  })

  it('with a session ends that one', async () => {
    const [laptop, phone] = [await signedIn(), await signedIn()]
    const rows = await gateway.database.unbound
      .selectFrom('session')
      .select('provider_session')
      .orderBy('created_at')
      .execute()
    const sid = rows[0]?.provider_session ?? ''
    expect(sid).not.toBe('')
    expect(await logout(await signed({ sid, sub: undefined }))).toEqual([200, { ended: 1 }])
    expect([await isSignedIn(laptop), await isSignedIn(phone)]).toEqual([false, true])
    expect(await logout(await signed({ sid: 'unknown' }))).toEqual([200, { ended: 0 }])
    expect(await isSignedIn(phone)).toBe(true)
  })

  it('is taken once, at whichever process', async () => {
    const token = await signed()
    const answers = await Promise.all([logout(token), logout(token, second.url), logout(token)])
    expect(answers.filter(([status]) => status === 200).length).toBe(1)
    expect(await logout(token, second.url)).toMatchObject(refused)
  })

  it.each<[string, JWTPayload, object?]>([
    ['of another issuer', { iss: 'https://evil.test' }],
    ['for another audience', { aud: 'somebody-else' }],
    ['for the audience of access tokens', { aud: 'urn:heirloom:api' }],
    ['that has expired', { exp: 1_000_000 }],
    ['that never expires', { exp: undefined }],
    ['without a time', { iat: undefined }],
    ['of long ago', { iat: Math.floor(Date.now() / 1000) - 3_600 }],
    ['of the future', { iat: Math.floor(Date.now() / 1000) + 3_600 }],
    ['without an id', { jti: undefined }],
    ['with an empty id', { jti: '' }],
    ['that names nobody', { sub: undefined }],
    ['without events', { events: undefined }],
    ['with another event', { events: { 'http://schemas.openid.net/event/x': {} } }],
    ['with an event that is no object', { events: { [event]: true } }],
    ['that could be an ID token', { nonce: 'n' }],
    ['that is an access token', {}, { typ: 'at+jwt' }],
  ])('is refused %s', async (_what, changes, header) => {
    const browser = await signedIn()
    expect(await logout(await signed(changes, header))).toMatchObject(refused)
    expect(await isSignedIn(browser)).toBe(true)
  })

  it('is refused unsigned, signed by somebody else, or missing', async () => {
    const browser = await signedIn()
    const { privateKey } = await generateKeyPair('RS256')
    const { kid } = await gateway.providerKey()
    const forged = await signedBy({ kid, key: privateKey }, claims(), { typ: 'logout+jwt' })
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const unsigned = `${encode({ alg: 'none', typ: 'logout+jwt' })}.${encode(claims())}.`
    for (const token of [forged, unsigned, 'nonsense', '', undefined]) {
      expect(await logout(token)).toMatchObject(refused)
    }
    expect(await isSignedIn(browser)).toBe(true)
  })
})
