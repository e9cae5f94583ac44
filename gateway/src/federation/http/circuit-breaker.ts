/**
 * Stops asking a subgraph that gives no answers, so that whoever asks is told at once and the
 * subgraph can get up again. Closed: everything passes; `failuresToOpen` failures in a row open
 * it. Open: nothing passes for `openMs`. Then half open: one request at a time passes, and decides.
 * Costs one comparison while all is well.
 */
export interface CircuitBreaker {
  /** Whether a request may pass now. Who was let through must report how it went. */
  tryPass(): boolean
  succeeded(): void
  failed(): void
  /** The request ended for a reason that says nothing about the subgraph. */
  undecided(): void
  readonly isOpen: boolean
}

export interface CircuitBreakerOptions {
  readonly failuresToOpen: number
  readonly openMs: number
  /** Milliseconds that never go back. */
  readonly now: () => number
}

export function createCircuitBreaker(options: CircuitBreakerOptions): CircuitBreaker {
  const { failuresToOpen, openMs, now } = options
  let failures = 0
  let openUntil = 0
  let isProbing = false

  return {
    tryPass: () => {
      if (failures < failuresToOpen) return true
      if (isProbing || now() < openUntil) return false
      isProbing = true
      return true
    },
    succeeded: () => {
      failures = 0
      isProbing = false
    },
    failed: () => {
      failures += 1
      isProbing = false
      if (failures >= failuresToOpen) openUntil = now() + openMs
    },
    undecided: () => {
      isProbing = false
    },
    get isOpen() {
      return failures >= failuresToOpen
    },
  }
}
