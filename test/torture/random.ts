/** Chance that a seed repeats, so that a run can be told apart from the next one. */
export interface Random {
  /** From 0 to below 1. */
  next(): number
  /** A whole number, both ends included. */
  between(low: number, high: number): number
  pick<T>(from: readonly T[]): T | undefined
  /** Milliseconds until something that happens every so often on average. */
  waitMs(averageMs: number): number
}

/** mulberry32, by Tommy Ettinger (public domain): small, and good enough to choose victims by. */
export function seeded(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    next,
    between: (low, high) => low + Math.floor(next() * (high - low + 1)),
    pick: (from) => from[Math.floor(next() * from.length)],
    waitMs: (averageMs) => Math.min(averageMs * 4, -Math.log(1 - next()) * averageMs),
  }
}
