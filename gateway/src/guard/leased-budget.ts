import type { AppError } from '@heirloom/errors'
import { BoundedCache } from '../federation/compiled/bounded-cache.js'

// A budget of points per key and window that several processes spend together without asking a
// database for each point: a process takes a lease on some points, spends them by itself, and takes
// the next. Invariant: what all processes hand out of one window is at most the limit, because each
// lease is a range of the one counter in the store, and only its part below the limit is spent.
// What it costs: a lease that another process does not use up is not handed out either.

/** The counter that all processes share. */
export interface BudgetStore {
  /**
   * Adds to what was taken under the key in its current window, atomically; the first to add
   * begins the window. Never rejects: without its database it counts for this process alone.
   */
  add(key: string, points: number): Promise<{ readonly total: number; readonly endsInMs: number }>
}

export interface BudgetOptions {
  /** Points per key and window. */
  readonly limit: number
  readonly windowMs: number
  readonly store: BudgetStore
  readonly now: () => number
  readonly refusal: (retryAfterMs: number) => AppError
}

/** Undefined when the points are there already, which costs no turn of the event loop. */
export type Taken = Promise<void> | undefined

interface Lease {
  left: number
  endsAt: number
  /** Nothing more is to be had in this window. */
  isSpent: boolean
  /** Points that are waited for. */
  wanted: number
  renewal: Promise<void> | undefined
}

/** Of small limits each point is asked for, and none is lost to a lease. */
const leasesPerLimit = 50
const maxKeys = 50_000

export class LeasedBudget {
  readonly #options: BudgetOptions
  readonly #leaseSize: number
  readonly #leases = new BoundedCache<Lease>(maxKeys)

  constructor(options: BudgetOptions) {
    this.#options = options
    this.#leaseSize = Math.max(1, Math.floor(options.limit / leasesPerLimit))
  }

  /**
   * Takes points, or nothing.
   * @throws AppError, at once or by rejecting, when there are none left in this window
   */
  take(key: string, points = 1): Taken {
    const { limit, windowMs, now, refusal } = this.#options
    if (points > limit) throw refusal(windowMs)
    let lease = this.#leases.get(key)
    if (lease === undefined) {
      lease = { left: 0, endsAt: 0, isSpent: false, wanted: 0, renewal: undefined }
      this.#leases.set(key, lease)
    }
    return this.#spend(lease, points, now()) ? undefined : this.#takeLater(key, lease, points)
  }

  /** @throws AppError */
  #spend(lease: Lease, points: number, at: number): boolean {
    if (lease.endsAt <= at) return false
    if (lease.left >= points) {
      lease.left -= points
      return true
    }
    if (lease.isSpent) throw this.#options.refusal(lease.endsAt - at)
    return false
  }

  async #takeLater(key: string, lease: Lease, points: number): Promise<void> {
    lease.wanted += points
    try {
      // Each renewal serves somebody who waits, or says that nothing is left.
      do {
        lease.renewal ??= this.#renew(key, lease).finally(() => (lease.renewal = undefined))
        await lease.renewal
      } while (!this.#spend(lease, points, this.#options.now()))
    } finally {
      lease.wanted -= points
    }
  }

  async #renew(key: string, lease: Lease): Promise<void> {
    const { limit, windowMs, store, now } = this.#options
    const asked = Math.min(limit, Math.max(this.#leaseSize, lease.wanted))
    const { total, endsInMs } = await store.add(key, asked)
    const granted = Math.min(asked, Math.max(0, limit - (total - asked)))
    const endsAt = now() + Math.max(1, endsInMs)
    // Windows do not overlap: one that ends so much later is another.
    const isSameWindow = endsAt - lease.endsAt < windowMs / 2
    lease.left = (isSameWindow ? lease.left : 0) + granted
    lease.endsAt = endsAt
    lease.isSpent = total >= limit
  }
}
