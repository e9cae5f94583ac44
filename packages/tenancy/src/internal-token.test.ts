import {
  createLocalJWKSet,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  SignJWT,
  UnsecuredJWT,
  type JWTPayload,
} from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { tenantClaims, type TenantContext } from './context.js'
import { tenantId, type ActorId } from './ids.js'
import {
  createInternalTokenVerifier,
  internalIssuer,
  mintInternalToken,
  remoteInternalKeys,
  type SigningKey,
  type VerifyInternalToken,
} from './internal-token.js'

const noonMs = Date.UTC(2025, 0, 1, 12)
const noon = noonMs / 1000
const context: TenantContext = {
  tenantId: tenantId('habsburg'),
  mode: 'saas',
  projectId: 'project-1',
  surfaceId: 'web',
  actor: { kind: 'user', id: 'user-1' as ActorId, name: 'Marie' },
  roles: ['editor'],
  requestId: 'request-1',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
}

let key: SigningKey
let publicPem: string
let keySet: ReturnType<typeof createLocalJWKSet>
let verify: VerifyInternalToken

beforeAll(async () => {
  const pair = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  key = { kid: 'first', privateKey: pair.privateKey }
  publicPem = await exportSPKI(pair.publicKey)
  const jwk = await exportJWK(pair.publicKey)
  keySet = createLocalJWKSet({ keys: [{ ...jwk, kid: 'first', alg: 'EdDSA', use: 'sig' }] })
  verify = createInternalTokenVerifier(keySet, 'stories', () => noonMs)
})

const mint = (nowMs = noonMs, audience: string | readonly string[] = 'stories') =>
  mintInternalToken(key, audience, context, () => nowMs)

/** A token signed with the right key, but with other claims; undefined leaves a claim out. */
function signed(claims: Record<string, unknown>, header: { alg?: string; kid?: string } = {}) {
  const all: JWTPayload = {
    ...tenantClaims(context),
    iss: internalIssuer,
    aud: 'stories',
    iat: noon,
    exp: noon + 60,
    ...claims,
  }
  const payload = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
  return new SignJWT(payload)
    .setProtectedHeader({ alg: 'EdDSA', kid: 'first', ...header })
    .sign(key.privateKey)
}

const refused = (code: string, message?: string) =>
  expect.objectContaining({ name: 'AppError', code, ...(message === undefined ? {} : { message }) })

describe('an internal token', () => {
  it('carries the whole context from the gateway to the subgraph', async () => {
    await expect(verify(`Bearer ${await mint()}`)).resolves.toEqual(context)
  })

  it('is good for each subgraph that it names, and for no other', async () => {
    const token = await mint(noonMs, ['media', 'stories'])
    await expect(verify(`Bearer ${token}`)).resolves.toEqual(context)
    const graph = createInternalTokenVerifier(keySet, 'graph', () => noonMs)
    await expect(graph(`Bearer ${token}`)).rejects.toThrow(
      refused('TOKEN_INVALID', 'the token is meant for another audience'),
    )
  })

  it('is good for a minute, and for five seconds more where clocks differ', async () => {
    await expect(verify(`Bearer ${await mint(noonMs - 64_000)}`)).resolves.toEqual(context)
    await expect(verify(`Bearer ${await mint(noonMs - 66_000)}`)).rejects.toThrow(
      refused('TOKEN_EXPIRED', 'the token has expired; get a new one'),
    )
  })

  it.each([
    ['no header', undefined],
    ['an empty header', ''],
    ['no token', 'Bearer '],
    ['another scheme', 'Basic dXNlcjpwYXNz'],
    ['two tokens', 'Bearer a.b.c d.e.f'],
    ['a line break', 'Bearer a.b.c\r\nx: y'],
  ])('is asked for when there is %s', async (_title, header) => {
    await expect(verify(header)).rejects.toThrow(refused('UNAUTHENTICATED'))
  })

  it('is taken whatever the case of the scheme (RFC 9110, section 11.1)', async () => {
    await expect(verify(`bearer ${await mint()}`)).resolves.toEqual(context)
  })
})

describe('a forged token', () => {
  it('without a signature (alg none) is refused', async () => {
    const token = new UnsecuredJWT({ ...tenantClaims(context), iat: noon, exp: noon + 60 })
      .setIssuer(internalIssuer)
      .setAudience('stories')
      .encode()
    await expect(verify(`Bearer ${token}`)).rejects.toThrow(
      refused('TOKEN_INVALID', 'the token is not valid: algorithm "none" is not accepted'),
    )
  })

  it('signed with the public key as if it were a shared secret is refused', async () => {
    const jwk = keySet.jwks().keys[0]
    const secrets = [publicPem, JSON.stringify(jwk), jwk?.x ?? '']
    for (const secret of secrets) {
      const token = await new SignJWT({ ...tenantClaims(context) })
        .setProtectedHeader({ alg: 'HS256', kid: 'first' })
        .setIssuer(internalIssuer)
        .setAudience('stories')
        .setIssuedAt(noon)
        .setExpirationTime(noon + 60)
        .sign(new TextEncoder().encode(secret.padEnd(32, ' ')))
      await expect(verify(`Bearer ${token}`)).rejects.toThrow(
        refused('TOKEN_INVALID', 'the token is not valid: algorithm "HS256" is not accepted'),
      )
    }
  })

  it('signed with another key under a known kid is refused', async () => {
    const { privateKey } = await generateKeyPair('EdDSA')
    const token = await mintInternalToken(
      { kid: 'first', privateKey },
      'stories',
      context,
      () => noonMs,
    )
    await expect(verify(`Bearer ${token}`)).rejects.toThrow(refused('TOKEN_INVALID'))
  })

  it('that brings its own key in the header is refused', async () => {
    const pair = await generateKeyPair('EdDSA', { extractable: true })
    const token = await new SignJWT({ ...tenantClaims(context) })
      .setProtectedHeader({ alg: 'EdDSA', kid: 'first', jwk: await exportJWK(pair.publicKey) })
      .setIssuer(internalIssuer)
      .setAudience('stories')
      .setIssuedAt(noon)
      .setExpirationTime(noon + 60)
      .sign(pair.privateKey)
    await expect(verify(`Bearer ${token}`)).rejects.toThrow(refused('TOKEN_INVALID'))
  })

  it('with an unknown kid is refused', async () => {
    const token = await signed({}, { kid: 'second' })
    await expect(verify(`Bearer ${token}`)).rejects.toThrow(refused('TOKEN_INVALID'))
  })

  it('whose claims were changed after signing is refused', async () => {
    const [header, payload, signature] = (await mint()).split('.')
    const claims = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString()) as JWTPayload
    const changed = { ...claims, tenant_id: 'bourbon' }
    const forged = Buffer.from(JSON.stringify(changed)).toString('base64url')
    await expect(verify(`Bearer ${header}.${forged}.${signature}`)).rejects.toThrow(
      refused('TOKEN_INVALID'),
    )
  })

  it.each(['x', 'a.b', 'a.b.c', '..', 'e30.e30.', `${'A'.repeat(100_000)}.e30.e30`])(
    'that is no JWT at all is refused: %.20s',
    async (token) => {
      await expect(verify(`Bearer ${token}`)).rejects.toThrow(
        expect.objectContaining({ status: 401 }),
      )
    },
  )
})

describe('a token that is signed, but says too little', () => {
  it.each([
    ['another issuer', { iss: 'somebody-else' }],
    ['no issuer', { iss: undefined }],
    ['no audience', { aud: undefined }],
    ['another audience', { aud: 'storiesx' }],
    ['no expiry', { exp: undefined }],
    ['no time of issue', { iat: undefined }],
    ['no subject', { sub: undefined }],
    ['no tenant', { tenant_id: undefined }],
    ['an empty tenant', { tenant_id: '' }],
    ['a tenant that is none', { tenant_id: '../other' }],
    ['two tenants', { tenant_id: ['habsburg', 'bourbon'] }],
    ['no mode', { mode: undefined }],
    ['an unknown role', { roles: ['root'] }],
    ['no request id', { request_id: undefined }],
    ['a time in the future', { nbf: noon + 3_600 }],
  ])('is refused: %s', async (_title, claims) => {
    const token = await signed(claims)
    await expect(verify(`Bearer ${token}`)).rejects.toThrow(refused('TOKEN_INVALID'))
  })
})

describe('keys that cannot be fetched', () => {
  it("are the platform's fault, not the caller's: try again", async () => {
    // Port 9 (discard) of loopback: nothing listens there.
    const remote = createInternalTokenVerifier(
      remoteInternalKeys('http://127.0.0.1:9/jwks'),
      'stories',
      () => noonMs,
    )
    await expect(remote(`Bearer ${await mint()}`)).rejects.toThrow(
      expect.objectContaining({ code: 'BACKEND_UNAVAILABLE', retryable: true }),
    )
  })
})
