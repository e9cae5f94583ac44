import { AppError, hasCode } from '@heirloom/errors'
import type { Logger } from '@heirloom/telemetry'
import type { VerifyAccessToken } from './access-token.js'
import { userIdIn, type Identity } from './identity.js'
import type { OidcProvider, SignedIn, Tokens } from './provider.js'
import type { Providers } from './providers.js'
import { hashSecret, isSecret, newSecret } from './secret.js'
import { maxSessionsPerUser, type SessionLimits } from './session-limits.js'
import type {
  ProviderLogout,
  SessionContent,
  SessionStore,
  StoredSession,
} from './session-store.js'

export interface Session {
  /** Names the session without giving it away. */
  readonly id: string
  readonly userId: string
  readonly identity: Identity
  readonly createdAt: Date
  readonly lastSeenAt: Date
  /** The latest moment at which it ends, unless it is left unused before. */
  readonly expiresAt: Date
  readonly userAgent?: string | undefined
}

/** What is left to tell the provider when a session has ended. */
export interface EndedSession {
  readonly issuer: string
  readonly tokens: Tokens
}

export interface Sessions {
  /**
   * Resolves to the secret for the browser's cookie: a new one at every sign-in, so that nobody
   * who knew the one before is signed in with it.
   * @throws AppError FORBIDDEN for a client that acts for itself, and what verifying throws
   */
  start(signedIn: SignedIn, provider: OidcProvider, userAgent?: string): Promise<string>
  /**
   * The session behind a cookie, with an access token that is good: one that is about to expire
   * is renewed first, once for all who wait.
   * @throws AppError UNAUTHENTICATED without a session, TOKEN_EXPIRED when it could not be
   * renewed, BACKEND_UNAVAILABLE when nobody can tell right now
   */
  find(secret: string | undefined): Promise<Session>
  end(secret: string | undefined): Promise<EndedSession | undefined>
  /** Those of a user, the last used first. */
  list(userId: string): Promise<readonly Session[]>
  /** Ends one session of a user, or all; another user's are never touched. */
  endOf(userId: string, sessionId?: string): Promise<readonly EndedSession[]>
  /** Resolves to the number of sessions that ended; undefined for a logout token used before. */
  endAtProvider(logout: ProviderLogout): Promise<number | undefined>
  sweep(): Promise<void>
}

/** An access token is renewed when it has less than this left. */
const renewBeforeMs = 30_000
/** How often `last_seen_at` is written for a session in use. */
const touchEveryMs = 60_000
const maxUserAgentLength = 300
const sessionIdPattern = /^[0-9a-f]{64}$/

export interface SessionsDeps {
  readonly store: SessionStore
  readonly providers: Providers
  readonly verify: VerifyAccessToken
  readonly logger: Logger
  readonly limits: SessionLimits
  readonly now: () => number
}

// Invariant: whoever finds the access token about to expire renews it with the row locked, and looks
// again once it has the lock. So of all requests in all processes one presents the refresh token,
// which the provider takes once. In one process the requests share one wait, so that they do not
// hold a connection each.

export function createSessions(deps: SessionsDeps): Sessions {
  const { store, providers, verify, logger, now } = deps
  const { idleMs, absoluteMs } = deps.limits
  const renewals = new Map<string, Promise<SessionContent | undefined>>()
  const idleSince = (): Date => new Date(now() - idleMs)

  function isFresh(identity: Identity): boolean {
    return identity.expiresAtMs - now() > renewBeforeMs
  }

  async function renew(stored: StoredSession): Promise<SessionContent> {
    const { tokens, identity, userAgent } = stored
    // Another process may have renewed it while this one waited for the row.
    if (isFresh(identity)) return { tokens, identity, userAgent }
    const provider = providers.byIssuer(stored.issuer)
    if (tokens.refreshToken === undefined || provider === undefined) {
      if (provider !== undefined && identity.expiresAtMs > now()) {
        return { tokens, identity, userAgent }
      }
      throw new AppError('TOKEN_EXPIRED', 'the session has ended; sign in again')
    }
    const renewed = { ...tokens, ...(await provider.refresh(tokens.refreshToken)) }
    const current = await verify(renewed.accessToken, provider)
    if (current.subject !== identity.subject) {
      throw new AppError('TOKEN_INVALID', 'the renewed token is of somebody else')
    }
    return { tokens: renewed, identity: current, userAgent }
  }

  function renewOnce(hash: Buffer): Promise<SessionContent | undefined> {
    const id = hash.toString('hex')
    const running =
      renewals.get(id) ??
      store.update(hash, new Date(now()), renew).finally(() => renewals.delete(id))
    renewals.set(id, running)
    return running
  }

  async function renewed(stored: StoredSession): Promise<Identity> {
    if (isFresh(stored.identity)) return stored.identity
    try {
      const content = await renewOnce(stored.id)
      if (content === undefined) throw noSession()
      return content.identity
    } catch (error) {
      if (hasCode(error, 'TOKEN_EXPIRED') || hasCode(error, 'TOKEN_INVALID')) {
        await endRefused(stored, error)
        throw error
      }
      // Only while the provider is away is the present token good for as long as it says: a session
      // that ended meanwhile has ended.
      const isAway = hasCode(error, 'BACKEND_UNAVAILABLE') || hasCode(error, 'TIMEOUT')
      if (!isAway || stored.identity.expiresAtMs <= now()) throw error
      logger.warn({ err: error }, 'an access token could not be renewed yet')
      return stored.identity
    }
  }

  /** A refresh token that was used before is one that somebody else has: nobody goes on with it. */
  async function endRefused({ id, userId, issuer }: StoredSession, error: unknown): Promise<void> {
    const ended = await store.remove(id)
    if (ended === undefined) return
    logger.warn(
      {
        event: 'refresh_refused',
        session_id: id.toString('hex'),
        user_id: userId,
        issuer,
        err: error,
      },
      'the provider refused a refresh token (used before, revoked or expired); its session ended',
    )
  }

  async function makeRoom(userId: string): Promise<void> {
    const all = await store.list(userId, new Date(now()), idleSince())
    for (const { id } of all.slice(maxSessionsPerUser - 1)) await store.removeOf(userId, id)
  }

  return {
    start: async ({ tokens, subject, providerSession }, provider, userAgent) => {
      const identity = await verify(tokens.accessToken, provider)
      const userId = userIdIn(identity)
      if (userId === undefined || identity.subject !== subject) {
        throw new AppError('FORBIDDEN', 'the identity provider signed in somebody else')
      }
      await makeRoom(userId)
      const secret = newSecret()
      await store.create(
        hashSecret(secret),
        { userId, issuer: identity.issuer, subject, providerSession },
        { tokens, identity, userAgent: userAgent?.slice(0, maxUserAgentLength) },
        { now: new Date(now()), expiresAt: new Date(now() + absoluteMs) },
      )
      return secret
    },
    find: async (secret) => {
      if (!isSecret(secret)) throw noSession()
      const hash = hashSecret(secret)
      const stored = await store.find(hash, new Date(now()))
      if (stored === undefined) throw noSession()
      const idleForMs = now() - stored.lastSeenAt.getTime()
      if (idleForMs >= idleMs) {
        await store.remove(hash)
        throw noSession()
      }
      const identity = await renewed(stored)
      if (idleForMs >= touchEveryMs) await store.touch(hash, new Date(now()))
      return shown({ ...stored, identity })
    },
    end: async (secret) => (isSecret(secret) ? store.remove(hashSecret(secret)) : undefined),
    list: async (userId) => {
      const all = await store.list(userId, new Date(now()), idleSince())
      return all.map(shown)
    },
    endOf: async (userId, sessionId) => {
      if (sessionId === undefined) return store.removeOf(userId)
      if (!sessionIdPattern.test(sessionId)) return []
      return store.removeOf(userId, Buffer.from(sessionId, 'hex'))
    },
    endAtProvider: (logout) => store.removeAtProvider(logout),
    sweep: () => store.sweep(new Date(now()), idleSince()),
  }
}

function shown(stored: StoredSession): Session {
  const { id, userId, identity, createdAt, lastSeenAt, expiresAt, userAgent } = stored
  return { id: id.toString('hex'), userId, identity, createdAt, lastSeenAt, expiresAt, userAgent }
}

function noSession(): AppError {
  return new AppError('UNAUTHENTICATED', 'sign in, or send a Bearer token')
}
