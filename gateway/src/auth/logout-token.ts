import { jwtVerify, type JWTPayload } from 'jose'
import { AppError, hasCode } from '@heirloom/errors'
import { tokenError } from '@heirloom/tenancy'
import { algorithms, clockToleranceSeconds } from './access-token.js'
import type { Providers } from './providers.js'
import type { ProviderLogout } from './session-store.js'

const event = 'http://schemas.openid.net/event/backchannel-logout'
const maxAgeSeconds = 600
const types: readonly (string | undefined)[] = ['logout+jwt', 'jwt', undefined]

/**
 * Verifies a logout token (OpenID Connect Back-Channel Logout 1.0, section 2.6).
 * @throws AppError INVALID_INPUT for a token that is not good; BACKEND_UNAVAILABLE without the
 * provider's keys
 */
export type VerifyLogoutToken = (token: unknown) => Promise<ProviderLogout>

export function createLogoutTokenVerifier(
  providers: Providers,
  now: () => number = Date.now,
): VerifyLogoutToken {
  async function payloadOf(token: string): Promise<JWTPayload> {
    const provider = providers.claimedBy(token)
    if (provider === undefined) throw invalid('its issuer is not known')
    const { issuer, keys } = await provider.verification()
    try {
      const { payload, protectedHeader } = await jwtVerify(token, keys, {
        algorithms,
        issuer,
        audience: provider.config.clientId,
        clockTolerance: clockToleranceSeconds,
        maxTokenAge: maxAgeSeconds,
        requiredClaims: ['exp', 'iat', 'jti'],
        currentDate: new Date(now()),
      })
      if (!types.includes(protectedHeader.typ?.toLowerCase())) throw invalid('its type is another')
      return payload
    } catch (cause) {
      const known = tokenError(cause, token, algorithms)
      throw hasCode(known, 'BACKEND_UNAVAILABLE') ? known : invalid(known.message, cause)
    }
  }

  return async (token) => {
    if (typeof token !== 'string') throw invalid('there is none')
    const payload = await payloadOf(token)
    const { iss: issuer = '', sub: subject, sid, jti, exp = 0, events } = payload
    if (!isLogout(events)) throw invalid('it is about something else')
    // What tells it from an ID token.
    if (payload['nonce'] !== undefined) throw invalid('it has a nonce')
    if (sid !== undefined && typeof sid !== 'string') throw invalid('its session is no text')
    if (subject === undefined && sid === undefined) throw invalid('it names nobody')
    if (typeof jti !== 'string' || jti === '') throw invalid('it has no id')
    const expiresAt = new Date((exp + 2 * clockToleranceSeconds) * 1000)
    return { issuer, subject, providerSession: sid, jti, expiresAt }
  }
}

function isLogout(events: unknown): boolean {
  if (typeof events !== 'object' || events === null || !Object.hasOwn(events, event)) return false
  const value = (events as Record<string, unknown>)[event]
  return typeof value === 'object' && value !== null
}

function invalid(why: string, cause?: unknown): AppError {
  return new AppError('INVALID_INPUT', `the logout token is not good: ${why}`, { cause })
}
