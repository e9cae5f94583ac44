import { setTimeout as delay } from 'node:timers/promises'

/** Keeps work to so many records per second, on average. */
export interface Throttle {
  /** Waits until `records` more may be handled. Rejects when the signal is aborted. */
  take(records: number, signal: AbortSignal): Promise<void>
}

export function createThrottle(recordsPerSecond: number | null): Throttle {
  let freeAt = performance.now()
  return {
    take: async (records, signal) => {
      signal.throwIfAborted()
      if (recordsPerSecond === null) return
      const now = performance.now()
      const waitMs = freeAt - now
      freeAt = Math.max(now, freeAt) + (records / recordsPerSecond) * 1_000
      if (waitMs > 0) await delay(waitMs, undefined, { signal })
    },
  }
}
