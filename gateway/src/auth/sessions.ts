import { createHmac, timingSafeEqual } from 'node:crypto'
import { AppError, hasCode } from '@heirloom/errors'
import type { Logger } from '@heirloom/telemetry'
import type { VerifyAccessToken } from './access-token.js'
import type { Identity } from './identity.js'
import type { OidcProvider, Tokens } from './provider.js'
import { hashSecret, isSecret, newSecret } from './secret.js'
import type { SessionContent, SessionStore, StoredSession } from './session-store.js'

export interface Session {
  /** Names the session without giving it away. */
  readonly id: string
  readonly identity: Identity
  /** The latest moment at which it ends, unless it is left unused before. */
  readonly expiresAt: Date
}

export interface Sessions {
  /** Resolves to the secret for the browser's cookie. */
  start(tokens: Tokens): Promise<string>
  /**
   * The session behind a cookie, with an access token that is good: one that is about to expire
   * is renewed first, once for all who wait.
   * @throws AppError UNAUTHENTICATED without a session, TOKEN_EXPIRED when it could not be
   * renewed, BACKEND_UNAVAILABLE when nobody can tell right now
   */
  find(secret: string | undefined): Promise<Session>
  /** Ends a session; resolves to its tokens, so that the provider can be told. */
  end(secret: string | undefined): Promise<Tokens | undefined>
  /** Calls `listener` with the id of each session that ends in this process. */
  onEnd(listener: (sessionId: string) => void): void
  csrfToken(secret: string): string
  isCsrfToken(secret: string, token: string): boolean
  sweep(): Promise<void>
}

export interface SessionLimits {
  readonly idleMs: number
  readonly absoluteMs: number
}

const hour = 3_600_000
export const sessionLimits: SessionLimits = { idleMs: 24 * hour, absoluteMs: 14 * 24 * hour }
/** An access token is renewed when it has less than this left. */
const renewBeforeMs = 30_000
/** How often `last_seen_at` is written for a session in use. */
const touchEveryMs = 60_000

export interface SessionsDeps {
  readonly store: SessionStore
  readonly provider: OidcProvider
  readonly verify: VerifyAccessToken
  readonly csrfKey: Buffer
  readonly logger: Logger
  readonly limits: SessionLimits
  readonly now: () => number
}

export function createSessions(deps: SessionsDeps): Sessions {
  const { store, provider, verify, logger, now } = deps
  const { idleMs, absoluteMs } = deps.limits
  const renewals = new Map<string, Promise<SessionContent | undefined>>()
  const listeners = new Set<(sessionId: string) => void>()

  async function remove(hash: Buffer): Promise<Tokens | undefined> {
    const removed = await store.remove(hash)
    for (const listener of listeners) listener(hash.toString('hex'))
    return removed?.tokens
  }

  function isFresh(identity: Identity): boolean {
    return identity.expiresAtMs - now() > renewBeforeMs
  }

  async function renew(stored: StoredSession): Promise<SessionContent> {
    const { tokens, identity } = stored
    // Another process may have renewed it while this one waited for the row.
    if (isFresh(identity)) return { tokens, identity }
    if (tokens.refreshToken === undefined) {
      if (identity.expiresAtMs > now()) return { tokens, identity }
      throw new AppError('TOKEN_EXPIRED', 'the session has ended; sign in again')
    }
    const renewed = { ...tokens, ...(await provider.refresh(tokens.refreshToken)) }
    return { tokens: renewed, identity: await verify(renewed.accessToken) }
  }

  function renewOnce(hash: Buffer): Promise<SessionContent | undefined> {
    const id = hash.toString('hex')
    const running =
      renewals.get(id) ??
      store.update(hash, new Date(now()), renew).finally(() => renewals.delete(id))
    renewals.set(id, running)
    return running
  }

  async function renewed(hash: Buffer, stored: StoredSession): Promise<Identity> {
    if (isFresh(stored.identity)) return stored.identity
    try {
      const content = await renewOnce(hash)
      if (content === undefined) throw noSession()
      return content.identity
    } catch (error) {
      if (hasCode(error, 'TOKEN_EXPIRED') || hasCode(error, 'TOKEN_INVALID')) {
        await remove(hash)
        throw error
      }
      // The provider is away: the present token is good for as long as it says.
      if (stored.identity.expiresAtMs <= now()) throw error
      logger.warn({ err: error }, 'an access token could not be renewed yet')
      return stored.identity
    }
  }

  return {
    start: async (tokens) => {
      const identity = await verify(tokens.accessToken)
      const secret = newSecret()
      const at = { now: new Date(now()), expiresAt: new Date(now() + absoluteMs) }
      await store.create(hashSecret(secret), { tokens, identity }, at)
      return secret
    },
    find: async (secret) => {
      if (!isSecret(secret)) throw noSession()
      const hash = hashSecret(secret)
      const stored = await store.find(hash, new Date(now()))
      if (stored === undefined) throw noSession()
      const idleForMs = now() - stored.lastSeenAt.getTime()
      if (idleForMs >= idleMs) {
        await remove(hash)
        throw noSession()
      }
      const identity = await renewed(hash, stored)
      if (idleForMs >= touchEveryMs) await store.touch(hash, new Date(now()))
      return { id: hash.toString('hex'), identity, expiresAt: stored.expiresAt }
    },
    end: async (secret) => (isSecret(secret) ? remove(hashSecret(secret)) : undefined),
    onEnd: (listener) => void listeners.add(listener),
    csrfToken: (secret) => csrfToken(deps.csrfKey, secret),
    isCsrfToken: (secret, token) => {
      const expected = Buffer.from(csrfToken(deps.csrfKey, secret))
      const given = Buffer.from(token)
      return given.length === expected.length && timingSafeEqual(given, expected)
    },
    sweep: () => store.sweep(new Date(now()), new Date(now() - idleMs)),
  }
}

function csrfToken(key: Buffer, secret: string): string {
  return createHmac('sha256', key).update(`csrf:${secret}`).digest('base64url')
}

function noSession(): AppError {
  return new AppError('UNAUTHENTICATED', 'sign in, or send a Bearer token')
}
