import { AppError, toAppError, type ErrorCode } from '@heirloom/errors'
import type { Authenticate, Authenticated, Credentials } from '../auth/authenticate.js'
import { isSameIdentity } from '../auth/identity.js'
import type { Signals } from '../auth/signals.js'

// Who asks is looked at again for as long as a connection is open, a socket or a stream of events.
// A token's connection ends when the token expires. A session's connection ends when the session
// does or when its user's rights change: whoever changes the row, every process is signalled and
// looks again at once; a signal may be lost, so each looks every `checkEveryMs` besides, which also
// finds what merely expired. With the connection end its subscriptions, so that nobody is handed
// what is read for others whose rights are no longer theirs.

export interface SocketWatchDeps {
  readonly authenticate: Authenticate
  readonly signals: Pick<Signals, 'onSessionChange'>
  /** How often a socket's session is looked at again. */
  readonly checkEveryMs: number
  readonly now: () => number
}

/** What stays open on somebody's behalf. */
export interface Watched {
  readonly isOpen: boolean
  onceClosed(listener: () => void): void
  /** Ends it, and says why. */
  refuse(error: AppError): void
}

export type Watch = (
  watched: Watched,
  credentials: Credentials,
  authenticated: Authenticated,
) => void

const outages: readonly ErrorCode[] = ['BACKEND_UNAVAILABLE', 'TIMEOUT']
const minWaitMs = 250
// setTimeout takes what is longer than 2^31 ms for nothing at all.
const maxWaitMs = 3_600_000

export function createSocketWatch(deps: SocketWatchDeps): Watch {
  const { authenticate, now } = deps
  const bySession = new Map<string, Set<() => void>>()

  deps.signals.onSessionChange((sessionId) => {
    for (const check of bySession.get(sessionId) ?? []) check()
  })

  function register(sessionId: string, watched: Watched, check: () => void): void {
    const open = bySession.get(sessionId) ?? new Set()
    bySession.set(sessionId, open.add(check))
    watched.onceClosed(() => {
      open.delete(check)
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

  return (watched, credentials, authenticated) => {
    // It was asked who this is, and meanwhile they left: a close that has been is not heard again.
    if (!watched.isOpen) return
    let last = authenticated
    let timer = setTimeout(() => void check(), waitMs(last))
    watched.onceClosed(() => clearTimeout(timer))
    const { session } = authenticated
    if (session !== undefined) register(session.id, watched, () => void check())

    async function check(): Promise<void> {
      try {
        last = await lookAgain(credentials, last)
        // A signal may have looked meanwhile, and set a timer of its own.
        clearTimeout(timer)
        if (watched.isOpen) timer = setTimeout(() => void check(), waitMs(last))
      } catch (error) {
        watched.refuse(toAppError(error))
      }
    }
  }
}

export function isOutage(error: unknown): boolean {
  return error instanceof AppError && outages.includes(error.code)
}
