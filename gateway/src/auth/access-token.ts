import { jwtVerify } from 'jose'
import { bearerToken, tokenError } from '@heirloom/tenancy'
import { identityOf, type Identity } from './identity.js'
import type { OidcProvider } from './provider.js'

/** Asymmetric ones only: with a symmetric one, the provider's public key could sign a forgery. */
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
]
const clockToleranceSeconds = 5

export interface VerifyAccessToken {
  /**
   * Verifies a JWT access token (RFC 9068) of our provider.
   * @throws AppError TOKEN_EXPIRED, TOKEN_INVALID; BACKEND_UNAVAILABLE without its keys
   */
  (token: string): Promise<Identity>
}

export function createAccessTokenVerifier(
  provider: OidcProvider,
  audience: string,
  now: () => number = Date.now,
): VerifyAccessToken {
  return async (token) => {
    const { issuer, keys } = await provider.verification()
    try {
      const { payload } = await jwtVerify(token, keys, {
        algorithms,
        issuer,
        audience,
        clockTolerance: clockToleranceSeconds,
        requiredClaims: ['exp', 'sub', 'tenant_id'],
        currentDate: new Date(now()),
      })
      return identityOf(payload)
    } catch (cause) {
      throw tokenError(cause, token, algorithms)
    }
  }
}

/** @throws AppError as above, and UNAUTHENTICATED for a header that carries no Bearer token */
export function verifyAuthorization(
  verify: VerifyAccessToken,
  authorization: string,
): Promise<Identity> {
  return verify(bearerToken(authorization))
}
