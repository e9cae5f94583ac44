export interface PageSizer {
  /** How many events to ask for next. */
  readonly limit: number
  /** Told what came back, so that the next page comes near the bytes wanted. */
  saw(events: number, bytes: number): void
}

export interface PageLimits {
  readonly maxEvents: number
  /** Aimed at; one page may exceed it, by as much as events grow suddenly. */
  readonly bytes: number
}

const firstLimit = 16
const maxGrowth = 4

/** Pages of small events are long and those of large ones short: what counts is their bytes. */
export function createPageSizer({ maxEvents, bytes: wanted }: PageLimits): PageSizer {
  let limit = Math.min(firstLimit, maxEvents)
  return {
    get limit() {
      return limit
    },
    saw: (events, bytes) => {
      if (events === 0) return
      const fitting = Math.floor((wanted * events) / Math.max(1, bytes))
      limit = Math.max(1, Math.min(maxEvents, limit * maxGrowth, fitting))
    },
  }
}
