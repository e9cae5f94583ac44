import { createPublicKey, randomBytes } from 'node:crypto'
import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestBrowser } from '../testing/browser.js'
import { startTestGateway, type TestGateway } from '../testing/test-gateway.js'
import { signedBy } from '../testing/tokens.js'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway({ alsoProviders: [{ id: 'second' }] })
})
afterAll(() => gateway.close())

function claims(changes: JWTPayload = {}): JWTPayload {
  const now = Math.floor(Date.now() / 1000)
  return {
    iss: gateway.provider.issuer,
    aud: gateway.provider.audience,
    sub: 'mallory',
    tenant_id: 't_haworth',
    mode: 'saas',
    roles: ['owner'],
    iat: now,
    exp: now + 600,
    ...changes,
  }
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

async function ask(token: string, headers: Record<string, string> = {}, url = gateway.url) {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
    body: JSON.stringify({ query: '{ whoami { tenant actor } }' }),
  })
  const body = (await response.json()) as { error?: { code: string }; data?: unknown }
  return [response.status, body.error?.code ?? body.data]
}

const invalid = [401, 'TOKEN_INVALID']

interface PublicJwk {
  readonly kid: string
  readonly n: string
  readonly e: string
}

async function publicJwk(): Promise<PublicJwk> {
  const { keys } = (await (await fetch(gateway.provider.jwksUrl)).json()) as { keys: PublicJwk[] }
  const [first] = keys
  if (first === undefined) throw new Error('the provider publishes no key')
  return first
}

describe('a token with another algorithm', () => {
  it.each(['none', 'None', 'NONE', 'nOnE'])('is refused: %s', async (alg) => {
    const { kid } = await publicJwk()
    for (const header of [{ alg }, { alg, kid }]) {
      expect(await ask(`${encode(header)}.${encode(claims())}.x`)).toEqual(invalid)
    }
    // Without a signature it is not even the form of a token that is let through.
    const [status] = await ask(`${encode({ alg })}.${encode(claims())}.`)
    expect(status).toBe(401)
  })

  it('is refused when the public key signed it as if it were a secret', async () => {
    const jwk = await publicJwk()
    const key = createPublicKey({ key: { ...jwk, kty: 'RSA' }, format: 'jwk' })
    const secrets = [
      key.export({ type: 'spki', format: 'pem' }).toString(),
      key.export({ type: 'pkcs1', format: 'pem' }).toString(),
      JSON.stringify(jwk),
      jwk.n,
    ]
    for (const secret of secrets) {
      for (const alg of ['HS256', 'HS384', 'HS512']) {
        const bytes = new TextEncoder().encode(secret)
        const token = await new SignJWT(claims())
          .setProtectedHeader({ alg, kid: jwk.kid })
          .sign(bytes)
        expect(await ask(token)).toEqual(invalid)
      }
    }
  })
})

describe('a token that says where its key is', () => {
  it.each<[string, object]>([
    ['a path', { kid: '../../../../etc/passwd' }],
    ['a device', { kid: '/dev/null' }],
    ['an address', { kid: 'https://evil.test/jwks' }],
    ['a query', { kid: "x' union select 'key" }],
    ['a prototype', { kid: '__proto__' }],
    ['nothing', { kid: '' }],
    ['a key set of its own', { jku: 'https://evil.test/jwks' }],
    ['a certificate of its own', { x5u: 'https://evil.test/cert' }],
  ])('is refused: %s', async (_what, header) => {
    const { privateKey } = await generateKeyPair('RS256')
    const { kid } = await publicJwk()
    expect(await ask(await signedBy({ kid, key: privateKey }, claims(), header))).toEqual(invalid)
  })

  it('is refused with the key inside, or by the key of another provider', async () => {
    const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
    const { kid } = await publicJwk()
    const jwk = await exportJWK(publicKey)
    const own = await signedBy({ kid, key: privateKey }, claims(), { jwk })
    expect(await ask(own)).toEqual(invalid)
    const theirs = await signedBy(await gateway.providerKey('second'), claims())
    expect(await ask(theirs)).toEqual(invalid)
  })

  it('is refused when it was changed after it was signed', async () => {
    const [head = '', , signature = ''] = (await gateway.forge({ roles: ['viewer'] })).split('.')
    expect(await ask(`${head}.${encode(claims())}.${signature}`)).toEqual(invalid)
    expect(await ask(`${head}.${encode(claims())}.${'A'.repeat(342)}`)).toEqual(invalid)
  })
})

describe('a token that is meant for something else', () => {
  it.each<[string, JWTPayload]>([
    ['another audience', { aud: 'somebody-else' }],
    ['the gateway as a client, which is an ID token', { aud: 'heirloom-gateway' }],
    ['no audience', { aud: undefined }],
    ['another issuer', { iss: 'https://evil.test' }],
    ['an issuer that begins alike', { iss: 'http://localhost' }],
    ['no issuer', { iss: undefined }],
    ['signing in: it has a nonce', { nonce: 'n' }],
    ['signing out: it has events', { events: {} }],
    ['nobody', { sub: undefined }],
    ['ever', { exp: undefined }],
    ['no tenant', { tenant_id: undefined }],
    ['a tenant that is none', { tenant_id: "t'; drop table session; --" }],
    ['a mode that is none', { mode: 'root' }],
  ])('is refused: %s', async (_what, changes) => {
    expect(await ask(await signedBy(await gateway.providerKey(), claims(changes)))).toEqual(invalid)
  })

  it('is refused when one provider signed it in the name of the other', async () => {
    const [second] = gateway.otherProviders
    const named = await signedBy(await gateway.providerKey(), claims({ iss: second?.issuer ?? '' }))
    expect(await ask(named)).toEqual(invalid)
    const good = await signedBy(
      await gateway.providerKey('second'),
      claims({ iss: second?.issuer ?? '', aud: second?.audience ?? '' }),
    )
    expect((await ask(good))[0]).toBe(200)
  })
})

describe('a tenant', () => {
  it.each<[string, Record<string, string>]>([
    ['x-tenant-id', { 'x-tenant-id': 't_downe' }],
    ['tenant_id', { tenant_id: 't_downe', 'heirloom-tenant': 't_downe' }],
    ['forwarded names', { 'x-forwarded-host': 't_downe', forwarded: 'for=t_downe;host=t_downe' }],
    ['a cookie', { cookie: 'tenant_id=t_downe; tenant=t_downe' }],
    ['a host', { host: 't_downe.heirloom.test' }],
  ])('is not chosen by %s', async (_what, headers) => {
    const token = await gateway.forge({ sub: 'u1', tenant_id: 't_haworth' })
    expect(await ask(token, headers)).toEqual([
      200,
      { whoami: { tenant: 't_haworth', actor: 'user:u1' } },
    ])
  })

  it('is not chosen by the address, the body, or an argument that is not in the schema', async () => {
    const token = await gateway.forge({ sub: 'u1', tenant_id: 't_haworth' })
    const response = await fetch(`${gateway.url}/graphql?tenant_id=t_downe`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({
        query: '{ whoami { tenant } }',
        tenant_id: 't_downe',
        extensions: { tenant_id: 't_downe' },
        variables: { tenant_id: 't_downe' },
      }),
    })
    expect(await response.json()).toEqual({ data: { whoami: { tenant: 't_haworth' } } })
    const argument = await gateway.client(token)('{ whoami(tenantId: "t_downe") { tenant } }')
    expect(argument.errors?.[0]?.extensions?.code).toBe('GRAPHQL_VALIDATION_FAILED')
  })
})

describe('an answer to a sign-in', () => {
  const leave = async (browser: TestBrowser) =>
    browser.go(`${gateway.url}/auth/login?provider=default`)
  const codeOf = async (response: Response) =>
    [response.status, ((await response.json()) as { error: { code: string } }).error.code] as const

  it('is refused a second time: neither code nor state is good again', async () => {
    const browser = new TestBrowser()
    const leaving = await leave(browser)
    const callback = await browser.callbackFor(leaving, 'emily@haworth.test')
    const cookie = browser.cookieHeader(gateway.url)
    expect((await browser.go(callback.href)).status).toBe(302)
    const replayed = await fetch(callback, { headers: { cookie }, redirect: 'manual' })
    expect(await codeOf(replayed)).toEqual([400, 'INVALID_INPUT'])
    const next = await browser.callbackFor(await leave(browser), 'emily@haworth.test')
    next.searchParams.set('code', callback.searchParams.get('code') ?? '')
    expect(await codeOf(await browser.go(next.href))).toEqual([403, 'FORBIDDEN'])
  })

  it('is refused with a code that was got for another browser: PKCE', async () => {
    const [victim, attacker] = [new TestBrowser(), new TestBrowser()]
    const theirs = await attacker.callbackFor(await leave(attacker), 'guest@haworth.test')
    const ours = await victim.callbackFor(await leave(victim), 'emily@haworth.test')
    ours.searchParams.set('code', theirs.searchParams.get('code') ?? '')
    expect(await codeOf(await victim.go(ours.href))).toEqual([403, 'FORBIDDEN'])
  })

  it.each(['nonce', 'code_challenge'])('is refused when the %s was exchanged', async (name) => {
    const browser = new TestBrowser()
    const leaving = await leave(browser)
    const target = new URL(leaving.headers.get('location') ?? '')
    target.searchParams.set(name, randomBytes(32).toString('base64url'))
    const callback = await browser.callbackFor(await browser.go(target.href), 'emily@haworth.test')
    expect(await codeOf(await browser.go(callback.href))).toEqual([403, 'FORBIDDEN'])
  })

  it('that is an error is shown in our own words, as a page or as JSON', async () => {
    const said = '<script>alert(1)</script>'
    for (const accept of ['text/html', 'application/json']) {
      const browser = new TestBrowser()
      const leaving = await leave(browser)
      const state = new URL(leaving.headers.get('location') ?? '').searchParams.get('state') ?? ''
      const query = new URLSearchParams({
        state,
        iss: gateway.provider.issuer,
        error: said,
        error_description: said,
        error_uri: 'https://evil.test/',
      })
      const address = `${gateway.url}/auth/callback?${query.toString()}`
      const response = await browser.go(address, { headers: { accept } })
      expect(response.status).toBe(403)
      expect(response.headers.get('content-type')).toContain(accept)
      expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
      const text = await response.text()
      expect(text).toContain('the identity provider did not let you in')
      expect(text).not.toMatch(/alert\(|evil/)
    }
  })
})

describe('what goes wrong under /auth', () => {
  it.each([
    ['/auth/callback', 400],
    ['/auth/login?return_to=//evil.test', 400],
    ['/auth/login?provider=<script>alert(1)</script>', 404],
    ['/auth/nowhere/<script>alert(1)</script>', 404],
    ['/auth/sessions', 401],
    ['/auth/logout', 405],
  ])('is a page for people and the envelope for scripts: %s', async (path, status) => {
    const address = gateway.url + path
    const page = await fetch(address, { headers: { accept: 'text/html,*/*' } })
    expect(page.status).toBe(status)
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
    const text = await page.text()
    expect(text).toContain('This did not work')
    expect(text).not.toContain('<script>')
    const envelope = await fetch(address)
    expect(envelope.status).toBe(status)
    expect(await envelope.json()).toMatchObject({ error: { http_status: status } })
  })
})

describe('the path to come back to', () => {
  it.each([
    'https://evil.test/',
    'HTTPS://evil.test',
    '//evil.test',
    '///evil.test',
    '/\\evil.test',
    '\\\\evil.test',
    '/\\/evil.test',
    '/%09/evil.test'.replace('%09', '\t'),
    '/\n/evil.test',
    '/\r\nlocation: https://evil.test',
    '\t//evil.test',
    ' //evil.test',
    '/ok\\..\\evil',
    '/.//evil.test',
    '/a/..//evil.test',
    '/%2e//evil.test',
    '/a/%2E%2E//evil.test',
    'evil.test',
    'javascript:alert(1)',
    'data:text/html,x',
    '@evil.test',
    'http://localhost@evil.test/',
    '/\u0000/evil.test',
    '/\u2028',
    '',
  ])('is never that of another site: %j', async (returnTo) => {
    const query = new URLSearchParams({ return_to: returnTo })
    const response = await fetch(`${gateway.url}/auth/login?${query.toString()}`, {
      redirect: 'manual',
    })
    expect(response.status).toBe(400)
    expect(response.headers.has('location')).toBe(false)
  })

  it.each(['/%2f%2fevil.test', '/%5cevil.test', '/./evil.test', '/a//evil.test', '/@evil.test'])(
    'stays on this site however it is written: %s',
    async (returnTo) => {
      const browser = new TestBrowser()
      const query = new URLSearchParams({ return_to: returnTo, provider: 'default' })
      const leaving = await browser.go(`${gateway.url}/auth/login?${query.toString()}`)
      const callback = await browser.callbackFor(leaving, 'emily@haworth.test')
      const { headers } = await browser.go(callback.href)
      const target = new URL(headers.get('location') ?? '', gateway.url)
      expect(target.origin).toBe(gateway.url)
    },
  )

  it('is one: two of them are none', async () => {
    const response = await fetch(
      `${gateway.url}/auth/login?return_to=/a&return_to=https://evil.test`,
      { redirect: 'manual' },
    )
    expect(response.status).toBe(400)
  })
})
