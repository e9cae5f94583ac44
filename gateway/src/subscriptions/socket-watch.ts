import type { WebSocket } from 'ws'
import { AppError, toAppError, type ErrorCode } from '@heirloom/errors'
import type { Authenticate, Authenticated, Credentials } from '../auth/authenticate.js'
import { isSameIdentity } from '../auth/identity.js'
import type { Sessions } from '../auth/sessions.js'

// Who asks is looked at again for as long as a socket is open. A token's socket ends when the
// token expires. A session's socket ends at once when this process ends the session, and within
// `checkEveryMs` when another does, when the session expires, or when its user's rights change.

export interface SocketWatchDeps {
  readonly authenticate: Authenticate
  readonly sessions: Sessions
  /** How often a socket's session is looked at again. */
  readonly checkEveryMs: number
  readonly now: () => number
}

export type WatchSocket = (
  socket: WebSocket,
  credentials: Credentials,
  authenticated: Authenticated,
) => void

const unauthenticatedCloseCode = 4403
// RFC 6455, section 7.4.1 and its registry: "try again later".
const tryAgainLaterCloseCode = 1013
const outages: readonly ErrorCode[] = ['BACKEND_UNAVAILABLE', 'TIMEOUT']
const minWaitMs = 250
// setTimeout takes what is longer than 2^31 ms for nothing at all.
const maxWaitMs = 3_600_000

export function createSocketWatch(deps: SocketWatchDeps): WatchSocket {
  const { authenticate, now } = deps
  const bySession = new Map<string, Set<WebSocket>>()

  deps.sessions.onEnd((sessionId) => {
    for (const socket of bySession.get(sessionId) ?? []) {
      socket.close(unauthenticatedCloseCode, 'UNAUTHENTICATED')
    }
  })

  function register(sessionId: string, socket: WebSocket): void {
    const open = bySession.get(sessionId) ?? new Set()
    bySession.set(sessionId, open.add(socket))
    socket.once('close', () => {
      open.delete(socket)
      if (open.size === 0) bySession.delete(sessionId)
    })
  }

  function waitMs({ identity, session }: Authenticated): number {
    const untilExpiry = identity.expiresAtMs - now()
    const wanted = session === undefined ? untilExpiry : Math.min(deps.checkEveryMs, untilExpiry)
    return Math.min(maxWaitMs, Math.max(minWaitMs, wanted))
  }

  /** @throws AppError that says why the socket has to go */
  async function lookAgain(credentials: Credentials, last: Authenticated): Promise<Authenticated> {
    const isCurrent = last.identity.expiresAtMs > now()
    if (last.session === undefined) {
      if (isCurrent) return last
      throw new AppError('TOKEN_EXPIRED', 'the token has expired; connect with a new one')
    }
    try {
      const current = await authenticate(credentials)
      if (isSameIdentity(current.identity, last.identity)) return current
    } catch (error) {
      // Nobody can tell right now: what was vouched for is good for as long as it says.
      if (isCurrent && isOutage(error)) return last
      throw error
    }
    throw new AppError('FORBIDDEN', 'rights have changed; connect again')
  }

  return (socket, credentials, authenticated) => {
    // It was asked who this is, and meanwhile they left: a close that has been is not heard again.
    if (socket.readyState !== socket.OPEN) return
    let last = authenticated
    let timer = setTimeout(() => void check(), waitMs(last))
    socket.once('close', () => clearTimeout(timer))
    if (authenticated.session !== undefined) register(authenticated.session.id, socket)

    async function check(): Promise<void> {
      try {
        last = await lookAgain(credentials, last)
        if (socket.readyState === socket.OPEN) timer = setTimeout(() => void check(), waitMs(last))
      } catch (error) {
        refuseSocket(socket, error)
      }
    }
  }
}

/** The close code says whether to sign in again or to try again; the reason is our error code. */
export function refuseSocket(socket: WebSocket, error: unknown): void {
  const code = isOutage(error) ? tryAgainLaterCloseCode : unauthenticatedCloseCode
  socket.close(code, toAppError(error).code)
}

function isOutage(error: unknown): boolean {
  return error instanceof AppError && outages.includes(error.code)
}
