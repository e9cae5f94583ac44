/**
 * What a process knows of the routes is good for a while only, so that whoever changes a placement
 * can wait until nobody acts on the old one any more.
 *
 * A process notes when it began to read the registry. For a lease after that moment it may act on
 * what it read; then it reads again first. Whoever changes a placement waits a lease (and a margin)
 * after the change was written. Clocks are never compared between processes: only spans are, and a
 * span counts by the steady clock and by the wall clock, whichever says more, because the steady
 * one stands still while a machine is suspended, and the other one may be set.
 * Assumed: clocks of two machines do not run at rates that differ by more than the margin.
 */
export interface Moment {
  readonly steadyMs: number
  readonly wallMs: number
}

export interface LeaseTimes {
  /** For a route that is not being moved. */
  readonly settledMs: number
  /** For one that is: short, because writers are held for about two of these at a cut-over. */
  readonly movingMs: number
}

export const defaultLeases: LeaseTimes = { settledMs: 15_000, movingMs: 1_500 }

const marginFactor = 1.1
const marginMs = 50

export function momentNow(): Moment {
  return { steadyMs: performance.now(), wallMs: Date.now() }
}

export function ageMs(moment: Moment): number {
  return Math.max(performance.now() - moment.steadyMs, Date.now() - moment.wallMs)
}

/** How long to wait until every lease of this length has run out everywhere. */
export function waitFor(leaseMs: number): number {
  return leaseMs * marginFactor + marginMs
}
