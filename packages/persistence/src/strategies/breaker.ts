/** Lets a shadow that fails rest for a while, so that it slows no writer down. */
export interface Breaker {
  isOpen(): boolean
  succeeded(): void
  failed(): void
}

const failuresToOpen = 3

export function createBreaker(restMs: number, steadyNow: () => number): Breaker {
  let failures = 0
  let openedAt = 0
  return {
    // After the rest one more try is let through by each caller; the first failure opens it again.
    isOpen: () => failures >= failuresToOpen && steadyNow() - openedAt < restMs,
    succeeded: () => {
      failures = 0
    },
    failed: () => {
      failures += 1
      openedAt = steadyNow()
    },
  }
}
