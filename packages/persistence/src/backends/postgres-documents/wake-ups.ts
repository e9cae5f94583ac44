import { listen } from '@heirloom/postgres'
import { scopePrefix, type Scope } from '../../documents/ids.js'

export const documentChannel = 'heirloom_document'

export function wakeUpPayload(scope: Scope): string {
  return scopePrefix(scope)
}

/** One listening connection per opened backend; opened when somebody first waits. */
export interface ScopeWakeUps {
  /**
   * Resolves when the scope may have changed since this was called, after `withinMs` at the
   * latest, or when the signal aborts. A notification is a hint: what is missed costs time only.
   */
  next(scope: Scope, withinMs: number, signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

export function createScopeWakeUps(url: string): ScopeWakeUps {
  const waiting = new Map<string, Set<() => void>>()
  const stop = new AbortController()
  let listening: Promise<void> | undefined

  function onNotify(payload: string): void {
    // Empty: the connection is new, and notifications may have been missed. Everybody looks.
    const woken = payload === '' ? [...waiting.values()] : [waiting.get(payload) ?? new Set()]
    for (const wakes of woken) for (const wake of wakes) wake()
  }

  return {
    next: (scope, withinMs, signal) => {
      listening ??= listen(url, documentChannel, onNotify, stop.signal)
      const key = wakeUpPayload(scope)
      const wakes = waiting.get(key) ?? new Set<() => void>()
      waiting.set(key, wakes)
      return new Promise((resolve) => {
        const wake = (): void => {
          clearTimeout(timer)
          signal.removeEventListener('abort', wake)
          wakes.delete(wake)
          if (wakes.size === 0 && waiting.get(key) === wakes) waiting.delete(key)
          resolve()
        }
        const timer = setTimeout(wake, withinMs)
        wakes.add(wake)
        if (signal.aborted) wake()
        else signal.addEventListener('abort', wake)
      })
    },
    close: async () => {
      stop.abort()
      onNotify('')
      await listening
    },
  }
}
