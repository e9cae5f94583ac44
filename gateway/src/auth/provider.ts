import { createRemoteJWKSet, type JWTVerifyGetKey } from 'jose'
import * as oidc from 'openid-client'
import { AppError } from '@heirloom/errors'
import type { ProviderConfig } from '../provider-config.js'

export interface Tokens {
  readonly accessToken: string
  readonly refreshToken?: string
  readonly idToken?: string
}

export interface SignInChecks {
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
}

/** What the provider says of whoever signed in, by its ID token. */
export interface SignedIn {
  readonly tokens: Tokens
  readonly subject: string
  /** The session there, where the provider tells (OpenID Connect Front-Channel Logout, `sid`). */
  readonly providerSession?: string
}

/**
 * An OpenID provider. Its metadata is fetched when it is first needed, and again after a
 * failure: the gateway starts without it. Every method throws AppError BACKEND_UNAVAILABLE while
 * the provider cannot be reached.
 */
export interface OidcProvider {
  readonly config: ProviderConfig
  newChecks(): SignInChecks
  /** With `asksAgain` the provider asks who it is, also somebody who has just signed in there. */
  authorizationUrl(checks: SignInChecks, redirectUri: string, asksAgain?: boolean): Promise<URL>
  /**
   * Checks state, issuer (RFC 9207) and, of the ID token, signature, audience and nonce.
   * @throws AppError FORBIDDEN when the provider or the user refused, or a check fails
   */
  exchange(callbackUrl: URL, checks: SignInChecks): Promise<SignedIn>
  /** @throws AppError TOKEN_EXPIRED when the refresh token is no longer good */
  refresh(refreshToken: string): Promise<Tokens>
  /** Tells the provider that a refresh token is done with. Best effort. */
  revoke(refreshToken: string): Promise<void>
  /** Where to send the browser to end its session there too; undefined when it cannot. */
  endSessionUrl(idToken: string | undefined, returnTo: string): Promise<URL | undefined>
  /** What its access tokens are verified with. */
  verification(): Promise<{ readonly issuer: string; readonly keys: JWTVerifyGetKey }>
  ready(): Promise<void>
}

const timeoutSeconds = 5
const retryAfterMs = 1_000
const keysCooldownMs = 5_000
const unavailable = 'the identity provider cannot be reached; try again'

export function createOidcProvider(
  config: ProviderConfig,
  now: () => number = Date.now,
): OidcProvider {
  let discovered: Promise<oidc.Configuration> | undefined
  let retryAt = 0
  let keys: { readonly uri: string; readonly set: JWTVerifyGetKey } | undefined

  async function discover(): Promise<oidc.Configuration> {
    const insecure = config.issuer.protocol === 'http:' ? [oidc.allowInsecureRequests] : []
    const authentication =
      config.clientAuthentication === 'client_secret_post'
        ? oidc.ClientSecretPost
        : oidc.ClientSecretBasic
    return oidc.discovery(
      config.issuer,
      config.clientId,
      undefined,
      authentication(config.clientSecret),
      { execute: [...insecure, oidc.enableNonRepudiationChecks], timeout: timeoutSeconds },
    )
  }

  async function configuration(): Promise<oidc.Configuration> {
    if (discovered === undefined) {
      if (now() < retryAt) throw new AppError('BACKEND_UNAVAILABLE', unavailable)
      discovered = discover()
      discovered.catch(() => {
        discovered = undefined
        retryAt = now() + retryAfterMs
      })
    }
    try {
      return await discovered
    } catch (cause) {
      throw new AppError('BACKEND_UNAVAILABLE', unavailable, { cause })
    }
  }

  function remoteKeys(uri: string): JWTVerifyGetKey {
    if (keys?.uri !== uri) {
      const set = createRemoteJWKSet(new URL(uri), {
        cooldownDuration: keysCooldownMs,
        timeoutDuration: timeoutSeconds * 1000,
      })
      keys = { uri, set }
    }
    return keys.set
  }

  const resource: Record<string, string> = config.asksForResource
    ? { resource: config.audience }
    : {}

  return {
    config,
    newChecks: () => ({
      state: oidc.randomState(),
      nonce: oidc.randomNonce(),
      codeVerifier: oidc.randomPKCECodeVerifier(),
    }),
    authorizationUrl: async ({ state, nonce, codeVerifier }, redirectUri, asksAgain) =>
      oidc.buildAuthorizationUrl(await configuration(), {
        redirect_uri: redirectUri,
        response_type: 'code',
        scope: config.scope,
        ...resource,
        ...(asksAgain === true ? { prompt: 'login' } : {}),
        state,
        nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(codeVerifier),
        code_challenge_method: 'S256',
      }),
    exchange: async (callbackUrl, { state, nonce, codeVerifier }) => {
      const known = await configuration()
      const refused = 'the identity provider did not let you in; start again'
      return translated('FORBIDDEN', refused, async () => {
        const answer = await oidc.authorizationCodeGrant(
          known,
          callbackUrl,
          {
            expectedState: state,
            expectedNonce: nonce,
            pkceCodeVerifier: codeVerifier,
            idTokenExpected: true,
          },
          resource,
        )
        const { sub = '', sid }: { sub?: string; sid?: unknown } = answer.claims() ?? {}
        return {
          tokens: tokensOf(answer),
          subject: sub,
          ...(typeof sid === 'string' ? { providerSession: sid } : {}),
        }
      })
    },
    refresh: async (refreshToken) => {
      const known = await configuration()
      return translated('TOKEN_EXPIRED', 'the session has ended; sign in again', async () => {
        const answer = await oidc.refreshTokenGrant(known, refreshToken, resource)
        return { refreshToken, ...tokensOf(answer) }
      })
    },
    revoke: async (refreshToken) => {
      const known = await configuration()
      if (known.serverMetadata().revocation_endpoint === undefined) return
      await oidc.tokenRevocation(known, refreshToken)
    },
    endSessionUrl: async (idToken, returnTo) => {
      const known = await configuration()
      if (known.serverMetadata().end_session_endpoint === undefined) return undefined
      return oidc.buildEndSessionUrl(known, {
        post_logout_redirect_uri: returnTo,
        ...(idToken === undefined ? {} : { id_token_hint: idToken }),
      })
    },
    verification: async () => {
      const { issuer, jwks_uri: uri } = (await configuration()).serverMetadata()
      if (uri === undefined) throw new AppError('BACKEND_UNAVAILABLE', unavailable)
      return { issuer, keys: remoteKeys(uri) }
    },
    ready: async () => void (await configuration()),
  }
}

function tokensOf(answer: oidc.TokenEndpointResponse): Tokens {
  return {
    accessToken: answer.access_token,
    ...(answer.refresh_token === undefined ? {} : { refreshToken: answer.refresh_token }),
    ...(answer.id_token === undefined ? {} : { idToken: answer.id_token }),
  }
}

/** The provider answered, but not with something that can be judged: a proxy's page, for one. */
const noJudgement: readonly (string | undefined)[] = [
  'OAUTH_TIMEOUT',
  'OAUTH_ABORT',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  undefined,
]

/** Only a refusal of this very grant is the user's concern; all else means: try again later. */
async function translated<T>(
  refused: 'FORBIDDEN' | 'TOKEN_EXPIRED',
  message: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    const isRefusal =
      cause instanceof oidc.AuthorizationResponseError ||
      (cause instanceof oidc.ResponseBodyError && cause.error === 'invalid_grant') ||
      (cause instanceof oidc.ClientError && !noJudgement.includes(cause.code))
    if (isRefusal) throw new AppError(refused, message, { cause })
    throw new AppError('BACKEND_UNAVAILABLE', unavailable, { cause })
  }
}
