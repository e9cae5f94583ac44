import { listen } from '@heirloom/postgres'

/** What the database tells every gateway process about (003-accounts.sql). */
export interface Signals {
  /** A session has ended, or what it may do has changed. A hint: it may be lost. */
  onSessionChange(listener: (sessionId: string) => void): void
  /** Identities have changed hands; also called when signals may have been lost. */
  onIdentityChange(listener: () => void): void
  /** Resolves when nothing is listened to any more. */
  stop(): Promise<void>
}

const channel = 'heirloom_gateway'

export function listenForSignals(databaseUrl: string): Signals {
  const leaving = new AbortController()
  const sessionListeners = new Set<(sessionId: string) => void>()
  const identityListeners = new Set<() => void>()

  function heard(payload: string): void {
    const [what, sessionId] = payload.split(' ')
    if (what === 'session' && sessionId !== undefined) {
      for (const listener of sessionListeners) listener(sessionId)
      return
    }
    for (const listener of identityListeners) listener()
  }
  const listening = listen(databaseUrl, channel, heard, leaving.signal)

  return {
    onSessionChange: (listener) => void sessionListeners.add(listener),
    onIdentityChange: (listener) => void identityListeners.add(listener),
    stop: () => {
      leaving.abort()
      return listening
    },
  }
}
