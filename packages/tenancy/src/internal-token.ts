import {
  createRemoteJWKSet,
  decodeProtectedHeader,
  errors,
  jwtVerify,
  SignJWT,
  type CryptoKey,
  type JWTVerifyGetKey,
} from 'jose'
import { AppError } from '@heirloom/errors'
import { tenantClaims, tenantContext, type TenantContext } from './context.js'

/** Issuer of every internal token. */
export const internalIssuer = 'heirloom-gateway'
/** EdDSA only (RFC 8037): an attacker cannot choose another algorithm, least of all `none`. */
const algorithms = ['EdDSA']
const lifetimeSeconds = 60
const clockToleranceSeconds = 5

export interface SigningKey {
  readonly kid: string
  readonly privateKey: CryptoKey
}

/**
 * Mints the short-lived token that tells a subgraph who asks. `audience` is its name, with those
 * of the subgraphs that it may ask on the caller's behalf.
 */
export async function mintInternalToken(
  key: SigningKey,
  audience: string | readonly string[],
  context: TenantContext,
  now: () => number = Date.now,
): Promise<string> {
  const issuedAt = Math.floor(now() / 1000)
  return new SignJWT(tenantClaims(context))
    .setProtectedHeader({ alg: 'EdDSA', kid: key.kid, typ: 'JWT' })
    .setIssuer(internalIssuer)
    .setAudience(typeof audience === 'string' ? audience : [...audience])
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + lifetimeSeconds)
    .sign(key.privateKey)
}

export type VerifyInternalToken = (authorization: string | undefined) => Promise<TenantContext>

/**
 * Verifies `Authorization: Bearer …` for one subgraph.
 * @throws AppError UNAUTHENTICATED without a token, TOKEN_EXPIRED, TOKEN_INVALID otherwise
 */
export function createInternalTokenVerifier(
  keys: JWTVerifyGetKey,
  audience: string,
  now: () => number = Date.now,
): VerifyInternalToken {
  return async (authorization) => {
    const token = bearerToken(authorization)
    try {
      const { payload } = await jwtVerify(token, keys, {
        algorithms,
        issuer: internalIssuer,
        audience,
        clockTolerance: clockToleranceSeconds,
        requiredClaims: ['exp', 'iat', 'sub', 'tenant_id'],
        currentDate: new Date(now()),
      })
      return tenantContext(payload)
    } catch (cause) {
      throw tokenError(cause, token)
    }
  }
}

/** The public keys as a remote set; an unknown `kid` refetches at most once a second. */
export function remoteInternalKeys(jwksUrl: string): JWTVerifyGetKey {
  return createRemoteJWKSet(new URL(jwksUrl), { cooldownDuration: 1_000, cacheMaxAge: 600_000 })
}

/** @throws AppError UNAUTHENTICATED */
export function bearerToken(authorization: string | undefined): string {
  const match = /^Bearer ([\w.~+/-]+=*)$/i.exec(authorization ?? '')
  if (match?.[1] === undefined) {
    throw new AppError('UNAUTHENTICATED', 'sign in, or send a Bearer token')
  }
  return match[1]
}

/**
 * Translates jose's errors at this edge. Key sets that cannot be fetched are not the caller's
 * fault. `accepted` are the algorithms that the verifier allowed.
 */
export function tokenError(
  cause: unknown,
  token: string,
  accepted: readonly string[] = algorithms,
): AppError {
  if (cause instanceof AppError) return cause
  if (cause instanceof errors.JWTExpired) {
    return new AppError('TOKEN_EXPIRED', 'the token has expired; get a new one', { cause })
  }
  if (cause instanceof errors.JWTClaimValidationFailed) {
    const what =
      cause.claim === 'aud' ? 'is meant for another audience' : `fails on "${cause.claim}"`
    return new AppError('TOKEN_INVALID', `the token ${what}`, { cause })
  }
  if (cause instanceof errors.JOSEError && !isUnreachable(cause)) {
    return new AppError(
      'TOKEN_INVALID',
      `the token is not valid${refusedAlgorithm(token, accepted)}`,
      { cause },
    )
  }
  return new AppError('BACKEND_UNAVAILABLE', 'the signing keys cannot be reached', { cause })
}

/** jose reports a key set that answers with an error by its generic code. */
function isUnreachable(cause: errors.JOSEError): boolean {
  return cause instanceof errors.JWKSTimeout || cause.code === 'ERR_JOSE_GENERIC'
}

function refusedAlgorithm(token: string, accepted: readonly string[]): string {
  try {
    const { alg } = decodeProtectedHeader(token)
    return alg === undefined || accepted.includes(alg) ? '' : `: algorithm "${alg}" is not accepted`
  } catch {
    return ''
  }
}
