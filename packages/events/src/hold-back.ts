import { backoffMs, type Backoff } from './backoff.js'

/**
 * Resources whose oldest event the bus refused: they are left out of the next turns for a while
 * that doubles, so that they neither overtake themselves nor fill every lease.
 */
export interface HoldBack {
  add(resources: readonly string[]): void
  release(resources: readonly string[]): void
  /** Those to leave out now. */
  keys(): readonly string[]
  /** `atMost`, or less when a resource comes back earlier. */
  waitMs(atMost: number): number
}

export function createHoldBack(backoff: Backoff, now: () => number = Date.now): HoldBack {
  const held = new Map<string, { attempts: number; until: number }>()
  return {
    add: (resources) => {
      for (const resource of resources) {
        const attempts = (held.get(resource)?.attempts ?? 0) + 1
        held.set(resource, { attempts, until: now() + backoffMs(attempts, backoff) })
      }
    },
    release: (resources) => {
      for (const resource of resources) held.delete(resource)
    },
    keys: () => [...held].filter(([, { until }]) => until > now()).map(([resource]) => resource),
    waitMs: (atMost) =>
      [...held.values()].reduce(
        (wait, { until }) => (until > now() ? Math.min(wait, until - now()) : wait),
        atMost,
      ),
  }
}
