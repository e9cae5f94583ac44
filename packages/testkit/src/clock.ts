export interface FixedClock {
  /** Milliseconds since the epoch; hand it to whatever takes a `now`. */
  readonly now: () => number
  advance(ms: number): void
  set(ms: number): void
}

const noonOnNewYear2025 = Date.UTC(2025, 0, 1, 12)

/** A clock that moves only when told to. */
export function fixedClock(startMs: number = noonOnNewYear2025): FixedClock {
  let current = startMs
  return {
    now: () => current,
    advance: (ms) => {
      current += ms
    },
    set: (ms) => {
      current = ms
    },
  }
}
