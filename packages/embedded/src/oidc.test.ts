import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRemoteJWKSet, jwtVerify, type JWTPayload } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startOidcProvider, type EmbeddedOidcProvider } from './oidc.js'

const redirectUri = 'http://localhost:9/auth/callback'
const signedOutUri = 'http://localhost:9/'

let dataDir: string
let provider: EmbeddedOidcProvider

async function start(port = 0): Promise<EmbeddedOidcProvider> {
  return startOidcProvider({
    port,
    dataDir,
    redirectUris: [redirectUri],
    postLogoutRedirectUris: [signedOutUri],
  })
}

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'heirloom-oidc-'))
  provider = await start()
})

afterAll(async () => {
  await provider.close()
  await rm(dataDir, { recursive: true, force: true })
})

/** As much of a browser as signing in needs: cookies, and redirects one at a time. */
class Browser {
  readonly #cookies = new Map<string, string>()

  async go(url: string, form?: Record<string, string>): Promise<Response> {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
    })
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = ''] = cookie.split(';')
      const at = pair.indexOf('=')
      this.#cookies.set(pair.slice(0, at), pair.slice(at + 1))
    }
    return response
  }

  /** Follows redirects until one leaves the provider, or a page is shown. */
  async follow(response: Response): Promise<{ url: string; page?: string }> {
    let current = response
    for (;;) {
      const location = current.headers.get('location')
      if (location === null) return { url: current.url, page: await current.text() }
      const next = new URL(location, current.url).href
      if (!next.startsWith(provider.issuer)) return { url: next }
      current = await this.go(next)
    }
  }
}

interface Tokens {
  readonly access_token: string
  readonly id_token: string
  readonly refresh_token: string
  readonly error?: string
}

async function token(
  client: { clientId: string; clientSecret: string },
  body: Record<string, string>,
) {
  const response = await fetch(provider.tokenUrl, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${client.clientId}:${client.clientSecret}`).toString('base64')}`,
    },
    body: new URLSearchParams(body),
  })
  return { status: response.status, tokens: (await response.json()) as Tokens }
}

async function claims(jwt: string, audience: string): Promise<JWTPayload> {
  const keys = createRemoteJWKSet(new URL(provider.jwksUrl))
  const verified = await jwtVerify(jwt, keys, {
    issuer: provider.issuer,
    audience,
    algorithms: ['RS256'],
  })
  return verified.payload
}

function authorizationUrl(verifier: string, more: Record<string, string> = {}): string {
  const query = new URLSearchParams({
    client_id: provider.gatewayClient.clientId,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: 'openid profile email offline_access',
    state: 'the-state',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...more,
  })
  return `${provider.issuer}/auth?${query.toString()}`
}

async function signIn(browser: Browser, email: string): Promise<Tokens> {
  const verifier = randomBytes(32).toString('base64url')
  const shown = await browser.follow(await browser.go(authorizationUrl(verifier)))
  expect(shown.page).toContain(email)
  const done = await browser.follow(await browser.go(shown.url, { email, password: 'heirloom' }))
  const code = new URL(done.url).searchParams.get('code') ?? ''
  const { tokens } = await token(provider.gatewayClient, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirectUri,
    code_verifier: verifier,
  })
  return tokens
}

describe('signing in by authorization code', () => {
  it('gives tokens that say who it is, for which tenant, with which role', async () => {
    const tokens = await signIn(new Browser(), 'emily@haworth.test')
    const expected = { tenant_id: 't_haworth', mode: 'saas', roles: ['editor'], name: 'Emily' }
    expect(await claims(tokens.access_token, 'urn:heirloom:api')).toMatchObject(expected)
    const idToken = await claims(tokens.id_token, provider.gatewayClient.clientId)
    expect(idToken).toMatchObject({ ...expected, email: 'emily@haworth.test' })
    expect(idToken.sub).toMatch(/^[0-9A-Z]{26}$/)
  })

  it('gives an operator the system tenant', async () => {
    const tokens = await signIn(new Browser(), 'operator@heirloom.test')
    expect(await claims(tokens.access_token, 'urn:heirloom:api')).toMatchObject({
      tenant_id: 't_system',
      mode: 'system',
      roles: ['operator'],
    })
  })

  it('asks again after a wrong password, and keeps the email', async () => {
    const browser = new Browser()
    const shown = await browser.follow(await browser.go(authorizationUrl('a'.repeat(43))))
    const again = await browser.go(shown.url, { email: 'anne@haworth.test', password: 'guess' })
    expect(again.status).toBe(401)
    const page = await again.text()
    expect(page).toContain('do not fit')
    expect(page).toContain('value="anne@haworth.test"')
  })

  it('escapes what it shows', async () => {
    const hint = '"><script>alert(1)</script>'
    const browser = new Browser()
    const url = authorizationUrl('a'.repeat(43), { login_hint: hint })
    const { page = '' } = await browser.follow(await browser.go(url))
    expect(page).not.toContain('<script>alert')
  })

  it('refuses a request without PKCE', async () => {
    const url = new URL(authorizationUrl('a'.repeat(43)))
    url.searchParams.delete('code_challenge')
    url.searchParams.delete('code_challenge_method')
    const refused = await new Browser().go(url.href)
    expect(refused.headers.get('location')).toContain('error=invalid_request')
  })

  it('refuses to send a code anywhere else', async () => {
    const url = authorizationUrl('a'.repeat(43), { redirect_uri: 'http://evil.test/' })
    const refused = await new Browser().go(url)
    expect(refused.status).toBe(400)
    expect(refused.headers.get('location')).toBeNull()
  })

  it('says so, instead of failing, when the page has expired', async () => {
    const response = await new Browser().go(`${provider.issuer}/interaction/nothing`)
    expect(response.status).toBe(400)
    expect(await response.text()).toContain('expired')
  })
})

describe('refresh tokens', () => {
  it('are rotated, and one that is used twice ends the grant', async () => {
    const first = await signIn(new Browser(), 'charlotte@haworth.test')
    const refresh = async (refreshToken: string) =>
      token(provider.gatewayClient, { grant_type: 'refresh_token', refresh_token: refreshToken })
    const second = await refresh(first.refresh_token)
    expect(second.status).toBe(200)
    expect(second.tokens.refresh_token).not.toBe(first.refresh_token)
    expect((await refresh(first.refresh_token)).tokens.error).toBe('invalid_grant')
    expect((await refresh(second.tokens.refresh_token)).tokens.error).toBe('invalid_grant')
  })

  it('stay good across a restart of the provider, as do its keys', async () => {
    const before = await signIn(new Browser(), 'emma@downe.test')
    const port = Number(new URL(provider.issuer).port)
    await provider.close()
    provider = await start(port)
    expect(await claims(before.access_token, 'urn:heirloom:api')).toMatchObject({ name: 'Emma' })
    const after = await token(provider.gatewayClient, {
      grant_type: 'refresh_token',
      refresh_token: before.refresh_token,
    })
    expect(after.status).toBe(200)
    expect(await claims(after.tokens.access_token, 'urn:heirloom:api')).toMatchObject({
      tenant_id: 't_downe',
    })
  })
})

describe('client credentials', () => {
  it('let the command line act as its tenant', async () => {
    for (const [tenant, role] of [
      ['t_haworth', 'owner'],
      ['t_downe', 'owner'],
      ['t_system', 'operator'],
    ] as const) {
      const client = provider.cliClients[tenant]
      if (client === undefined) throw new Error(`no client for ${tenant}`)
      const { tokens } = await token(client, { grant_type: 'client_credentials' })
      expect(await claims(tokens.access_token, 'urn:heirloom:api')).toMatchObject({
        sub: 'service:cli',
        tenant_id: tenant,
        roles: [role],
      })
    }
  })

  it('are refused with a wrong secret', async () => {
    const client = { clientId: 'heirloom-cli-t_haworth', clientSecret: 'guess' }
    expect((await token(client, { grant_type: 'client_credentials' })).status).toBe(401)
  })
})

describe('signing out', () => {
  it('ends the session and returns to the gateway', async () => {
    const browser = new Browser()
    const tokens = await signIn(browser, 'guest@haworth.test')
    const query = new URLSearchParams({
      id_token_hint: tokens.id_token,
      post_logout_redirect_uri: signedOutUri,
    })
    const page = await (
      await browser.go(`${provider.issuer}/session/end?${query.toString()}`)
    ).text()
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(page)?.[1] ?? ''
    const confirm = await browser.go(`${provider.issuer}/session/end/confirm`, {
      xsrf,
      logout: 'yes',
    })
    expect((await browser.follow(confirm)).url).toBe(signedOutUri)
    const again = await browser.follow(await browser.go(authorizationUrl('a'.repeat(43))))
    expect(again.page).toContain('Sign in to Heirloom')
  })
})

describe('what the provider keeps', () => {
  it('can be read by its owner alone', async () => {
    for (const name of ['oidc-secrets.json', 'oidc-state.jsonl']) {
      const path = join(dataDir, name)
      expect((await stat(path)).mode & 0o077).toBe(0)
      expect((await readFile(path, 'utf8')).length).toBeGreaterThan(0)
    }
  })
})
