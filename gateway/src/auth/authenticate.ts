import { verifyAuthorization, type VerifyAccessToken } from './access-token.js'
import type { Identity } from './identity.js'
import type { Session, Sessions } from './sessions.js'

export interface Credentials {
  readonly authorization?: string | undefined
  /** The value of the session cookie. */
  readonly sessionSecret?: string | undefined
}

export interface Authenticated {
  readonly identity: Identity
  /** There when a cookie said who asks. */
  readonly session?: Session
}

/**
 * A Bearer token when there is one, the session cookie otherwise.
 * @throws AppError UNAUTHENTICATED, TOKEN_EXPIRED, TOKEN_INVALID, BACKEND_UNAVAILABLE
 */
export type Authenticate = (credentials: Credentials) => Promise<Authenticated>

export function createAuthenticate(verify: VerifyAccessToken, sessions: Sessions): Authenticate {
  return async ({ authorization, sessionSecret }) => {
    if (authorization !== undefined) {
      return { identity: await verifyAuthorization(verify, authorization) }
    }
    const session = await sessions.find(sessionSecret)
    return { identity: session.identity, session }
  }
}

/** Whether the cookie is what will say who asks: a browser adds it to requests of any page. */
export function usesCookie({ authorization, sessionSecret }: Credentials): boolean {
  return authorization === undefined && sessionSecret !== undefined
}
