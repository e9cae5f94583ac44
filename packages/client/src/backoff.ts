export interface Backoff {
  /** How long to wait before the next attempt; longer each time, until `reset`. */
  nextDelayMs(): number
  reset(): void
}

export interface BackoffOptions {
  readonly initialDelayMs: number
  readonly maxDelayMs: number
  /** From 0 to below 1. */
  readonly random: () => number
}

/** Doubles up to the maximum; half of each delay is chance, so that clients do not return as one. */
export function createBackoff({ initialDelayMs, maxDelayMs, random }: BackoffOptions): Backoff {
  let failures = 0
  return {
    nextDelayMs: () => {
      const full = Math.min(maxDelayMs, initialDelayMs * 2 ** Math.min(failures, 30))
      failures += 1
      return Math.round(full * (0.5 + random() / 2))
    },
    reset: () => {
      failures = 0
    },
  }
}

/** Resolves after the delay, or at once when the signal aborts. */
export function wait(delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, delayMs)
    signal.addEventListener('abort', done)
  })
}
