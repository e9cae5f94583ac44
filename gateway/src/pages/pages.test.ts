import { buildSchema } from 'graphql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hashSource } from '../http/security-headers.js'
import { TestBrowser } from '../testing/browser.js'
import { startTestGateway, type TestGateway } from '../testing/test-gateway.js'
import { csrfScript } from './csrf-script.js'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
})
afterAll(() => gateway.close())

function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(gateway.url + path, { headers })
}

describe('the schema', () => {
  it('is served as clients see it, and as it was composed', async () => {
    const api = await get('/schema')
    expect(api.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    const sdl = await api.text()
    expect(buildSchema(sdl).getSubscriptionType()?.name).toBe('Subscription')
    expect(sdl).not.toContain('join__')
    const composed = await get('/schema/supergraph', { accept: 'application/graphql' })
    expect(composed.headers.get('content-type')).toBe('application/graphql; charset=utf-8')
    expect(await composed.text()).toContain('join__Graph')
  })

  it('is sent again only when it has changed', async () => {
    for (const path of ['/schema', '/schema/supergraph']) {
      const first = await get(path)
      const etag = first.headers.get('etag') ?? ''
      expect(etag).toMatch(/^"[0-9a-f]{64}"$/)
      expect(first.headers.get('cache-control')).toBe('no-cache')
      for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
        const again = await get(path, { 'if-none-match': known })
        expect([again.status, await again.text()]).toEqual([304, ''])
      }
      expect((await get(path, { 'if-none-match': '"other"' })).status).toBe(200)
    }
  })
})

describe('health', () => {
  it('says that the process lives, and that it can serve', async () => {
    expect(await (await get('/healthz')).json()).toEqual({ status: 'ok', service: 'gateway' })
    expect((await get('/readyz')).status).toBe(200)
  })

  it('says what is missing, and lives meanwhile', async () => {
    await gateway.stopSubgraph('people')
    const response = await get('/readyz')
    expect(response.status).toBe(503)
    expect(await response.json()).toMatchObject({
      error: { code: 'BACKEND_UNAVAILABLE', retryable: true, details: { missing: ['people'] } },
    })
    expect((await get('/healthz')).status).toBe(200)
    await gateway.startSubgraph('people')
    expect((await get('/readyz')).status).toBe(200)
  })

  it('does not wait for the identity provider to start', async () => {
    const unreachable = new URL('http://127.0.0.1:9/')
    const own = await startTestGateway({
      config: {
        providers: gateway.config.providers.map((one) => ({ ...one, issuer: unreachable })),
      },
    })
    try {
      expect((await fetch(`${own.url}/healthz`)).status).toBe(200)
      const ready = (await (await fetch(`${own.url}/readyz`)).json()) as {
        error: { details: object }
      }
      expect(ready.error.details).toEqual({ missing: ['identity provider'] })
      const login = await fetch(`${own.url}/auth/login`, { redirect: 'manual' })
      expect(login.status).toBe(503)
      const { errors, status } = await own.client(await own.serviceToken())('{ __typename }')
      expect([status, errors]).toEqual([503, undefined])
    } finally {
      await own.close()
    }
  })
})

describe('internal keys', () => {
  it('are public in their public part alone', async () => {
    const response = await get('/.well-known/heirloom-internal-jwks.json')
    expect(await response.json()).toEqual({
      keys: [
        {
          kty: 'OKP',
          crv: 'Ed25519',
          x: expect.any(String) as string,
          kid: 'i1',
          alg: 'EdDSA',
          use: 'sig',
        },
      ],
    })
  })
})

describe('pages', () => {
  it('say who is signed in, with everything escaped and nothing loaded from elsewhere', async () => {
    const stranger = await get('/')
    expect(await stranger.text()).toContain('You are not signed in')
    const browser = new TestBrowser()
    const home = await browser.signIn(gateway.url, 'charlotte@haworth.test')
    const text = await home.text()
    expect(text).toContain('<dd>Charlotte</dd>')
    expect(text).toContain('<dd>t_haworth</dd>')
    expect(text).not.toMatch(/(src|href)="https?:/)
    const policy = home.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toContain('unsafe')
  })

  it('serve GraphiQL without any other network', async () => {
    const response = await get('/graphiql')
    const html = await response.text()
    expect(html).toContain('Heirloom GraphiQL')
    expect(html).not.toMatch(/<(script|link|img)[^>]+(src|href)="https?:/)
    expect(html).not.toMatch(/@import|url\(["']?https?:/)
    const policy = response.headers.get('content-security-policy') ?? ''
    expect(policy).toContain(`connect-src 'self' ${gateway.url.replace('http', 'ws')}`)
    expect(policy).toContain("script-src 'sha256-")
    // Before anything else can send: with the session's token.
    expect(html).toContain(`<head><script>${csrfScript}</script>`)
    expect(policy).toContain(hashSource(csrfScript))
    expect(policy).not.toMatch(/https?:\/\/(?!localhost)/)
  })

  it('carry headers that keep browsers from guessing and framing', async () => {
    for (const path of ['/', '/graphiql', '/schema', '/nowhere', '/auth/session']) {
      const { headers } = await get(path)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
      expect(headers.get('x-request-id')).toMatch(/^[0-9A-Z]{26}$/)
    }
  })
})
