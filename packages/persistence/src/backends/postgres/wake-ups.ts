import { listen } from '@heirloom/postgres'
import type { TenantId } from '@heirloom/tenancy'

/** Notifications carry `tenant partition`; a tenant id has no space. */
export const recordChannel = 'heirloom_record'

export function wakeUpPayload(tenant: TenantId, pk: string): string {
  return `${tenant} ${pk}`
}

/** One listening connection per opened backend, shared by everybody who waits in this process. */
export interface WakeUps {
  subscribe(tenant: TenantId, pk: string, wake: () => void): () => void
  close(): Promise<void>
}

export function createWakeUps(url: string): WakeUps {
  const waiting = new Map<string, Set<() => void>>()
  const stop = new AbortController()
  let listening: Promise<void> | undefined

  function onNotify(payload: string): void {
    // Empty: the connection is new, and notifications may have been missed. Everybody looks.
    const woken = payload === '' ? [...waiting.values()] : [waiting.get(payload) ?? new Set()]
    for (const wakes of woken) for (const wake of wakes) wake()
  }

  return {
    subscribe: (tenant, pk, wake) => {
      listening ??= listen(url, recordChannel, onNotify, stop.signal)
      const key = wakeUpPayload(tenant, pk)
      const wakes = waiting.get(key) ?? new Set()
      waiting.set(key, wakes)
      // A function of its own, so that the same `wake` subscribed twice is two subscriptions.
      const own = (): void => wake()
      wakes.add(own)
      return () => {
        wakes.delete(own)
        if (wakes.size === 0 && waiting.get(key) === wakes) waiting.delete(key)
      }
    },
    close: async () => {
      stop.abort()
      await listening
    },
  }
}
