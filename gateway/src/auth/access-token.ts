import { jwtVerify, type JWTPayload } from 'jose'
import { AppError, hasCode } from '@heirloom/errors'
import { bearerToken, tokenError } from '@heirloom/tenancy'
import type { Accounts, Subject } from './accounts.js'
import { vouchedBy, type Identity, type Vouched } from './identity.js'
import type { OidcProvider } from './provider.js'
import type { Providers } from './providers.js'

/** Asymmetric ones only: with a symmetric one, the provider's public key could sign a forgery. */
export const algorithms = [
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
export const clockToleranceSeconds = 5

export interface VerifyAccessToken {
  /**
   * Verifies a JWT access token (RFC 9068): of the provider that it names as its issuer, or of
   * `from` alone.
   * @throws AppError TOKEN_EXPIRED, TOKEN_INVALID, FORBIDDEN; BACKEND_UNAVAILABLE without the
   * provider's keys
   */
  (token: string, from?: OidcProvider): Promise<Identity>
}

export function createAccessTokenVerifier(
  providers: Providers,
  accounts: Pick<Accounts, 'userIdOf'>,
  now: () => number = Date.now,
): VerifyAccessToken {
  async function payloadOf(token: string, provider: OidcProvider): Promise<JWTPayload> {
    const { audience, audienceClaim } = provider.config
    const { issuer, keys } = await provider.verification()
    try {
      const { payload } = await jwtVerify(token, keys, {
        algorithms,
        issuer,
        ...(audienceClaim === 'aud' ? { audience } : {}),
        clockTolerance: clockToleranceSeconds,
        requiredClaims: ['exp', 'sub', audienceClaim],
        currentDate: new Date(now()),
      })
      if (audienceClaim !== 'aud' && payload[audienceClaim] !== audience) {
        throw new AppError('TOKEN_INVALID', 'the token is meant for another audience')
      }
      if (isOfAnotherKind(payload)) {
        throw new AppError('TOKEN_INVALID', 'the token is no access token')
      }
      return payload
    } catch (cause) {
      throw tokenError(cause, token, algorithms)
    }
  }

  async function userIdOf(who: Subject, isFirst: boolean): Promise<string> {
    if (!isFirst) return accounts.userIdOf(who)
    try {
      return await accounts.userIdOf(who, who.subject)
    } catch (error) {
      // Where one provider knows everybody, its subjects are good without a database too.
      const isAlone = providers.all.length === 1
      if (isAlone && hasCode(error, 'BACKEND_UNAVAILABLE')) return who.subject
      throw error
    }
  }

  async function claimsOf({ kind, subject, claims }: Vouched, provider: OidcProvider) {
    const isFirst = provider === providers.first
    if (kind === 'service') {
      // Two providers may each know a client of this name.
      const own = String(claims.sub).replace(/^service:/, `service:${provider.config.id}/`)
      return isFirst ? claims : { ...claims, sub: own }
    }
    const { issuer } = await provider.verification()
    const userId = await userIdOf({ issuer, subject }, isFirst)
    return { ...claims, sub: `user:${userId}` }
  }

  return async (token, from) => {
    const provider = from ?? providers.claimedBy(token) ?? providers.first
    const payload = await payloadOf(token, provider)
    const vouched = vouchedBy(payload, provider.config)
    return {
      claims: await claimsOf(vouched, provider),
      issuer: (await provider.verification()).issuer,
      subject: vouched.subject,
      expiresAtMs: (payload.exp ?? 0) * 1000,
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

/**
 * ID tokens and logout tokens are signed with the same keys, and where the audience is the client
 * itself they have the same one. (`typ` and `token_use` are Keycloak's and Cognito's.)
 */
function isOfAnotherKind(payload: JWTPayload): boolean {
  const { nonce, at_hash: hash, events, typ, token_use: use } = payload
  if (nonce !== undefined || hash !== undefined || events !== undefined) return true
  if (use !== undefined && use !== 'access') return true
  return typ === 'ID' || typ === 'Refresh' || typ === 'Logout'
}
