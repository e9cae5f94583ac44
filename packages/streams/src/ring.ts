/**
 * The newest entries of one stream, shared by everybody who follows it: each follower keeps its own
 * place and nothing else, so that memory grows with the ring and not with the followers.
 *
 * Places number the entries appended since the ring was made: 0, 1, 2, … The ring holds the
 * gapless run of places `[first, next)`; `startsAfter` is the key just before it. Invariants: keys
 * are appended in the stream's order and without a gap; whoever holds place p and is handed the
 * entries p, p + 1, … has missed nothing; a place is never reused, so what was let go is known to be
 * gone and is never mistaken for another entry. The newest entry is always held, however large.
 */

/** How a stream names its positions: by number, or by a cursor that only its maker can read. */
export type RingKey = string | number

export interface RingEntry<Event, Key extends RingKey = number> {
  readonly key: Key
  readonly event: Event
}

export interface RingLimits {
  /** At least 1. */
  readonly maxEvents: number
  /** Of the sizes given to `append`; without it only the number of events is bounded. */
  readonly maxBytes?: number
}

export interface Ring<Event, Key extends RingKey = number> {
  /** Entries held now. */
  readonly size: number
  /** Sum of their sizes as given to `append`. */
  readonly bytes: number
  /** Everything after this key, up to `endsAt`, is held. */
  readonly startsAfter: Key
  /** Key of the newest entry; `startsAfter` of an empty ring. */
  readonly endsAt: Key
  /** Place of the next entry to be appended. */
  readonly next: number
  /** The key must follow `endsAt` in the stream. Lets go of the oldest entries as limits demand. */
  append(key: Key, event: Event, bytes?: number): void
  /** Entries after the key, oldest first; undefined when the key has fallen out or is unknown. */
  after(key: Key, limit?: number): readonly RingEntry<Event, Key>[] | undefined
  /** Where a follower that has everything up to the key goes on; undefined as for `after`. */
  placeAfter(key: Key): number | undefined
  /** The entry at a place: undefined when it is not there yet, 'gone' when it has fallen out. */
  at(place: number): RingEntry<Event, Key> | 'gone' | undefined
  /** Lets go of the oldest entries, as far as their keys are told to be gone. */
  dropWhile(isGone: (key: Key) => boolean): void
  /**
   * Lets go of everything: the ring is empty after the key. Between `endsAt` and the key entries may
   * be missing, so every place given out before is gone.
   */
  restart(startsAfter: Key): void
}

interface Held<Event, Key extends RingKey> extends RingEntry<Event, Key> {
  readonly bytes: number
}

/** An empty ring whose first entry will be the one that follows `startsAfter` in the stream. */
export function createRing<Event, Key extends RingKey = number>(
  startsAfter: Key,
  { maxEvents, maxBytes = Infinity }: RingLimits,
): Ring<Event, Key> {
  // Filled as entries come, not at once: most streams are quiet. Once full, places wrap around.
  const slots: (Held<Event, Key> | undefined)[] = []
  let first = 0
  let next = 0
  let bytes = 0
  let start = startsAfter

  const held = (place: number): Held<Event, Key> | undefined => slots[place % maxEvents]

  function letGo(): void {
    const oldest = held(first)
    if (oldest === undefined) return
    bytes -= oldest.bytes
    start = oldest.key
    slots[first % maxEvents] = undefined
    first += 1
  }

  // From the newest back: most who ask are near the end, and the others pay no more than one pass.
  function placeAfter(key: Key): number | undefined {
    for (let place = next - 1; place >= first; place -= 1) {
      if (held(place)?.key === key) return place + 1
    }
    return key === start ? first : undefined
  }

  return {
    get size() {
      return next - first
    },
    get bytes() {
      return bytes
    },
    get startsAfter() {
      return start
    },
    get endsAt() {
      return next > first ? (held(next - 1)?.key ?? start) : start
    },
    get next() {
      return next
    },
    append: (key, event, size = 0) => {
      while (next > first && (next - first >= maxEvents || bytes + size > maxBytes)) letGo()
      slots[next % maxEvents] = { key, event, bytes: size }
      next += 1
      bytes += size
    },
    after: (key, limit = maxEvents) => {
      const from = placeAfter(key)
      if (from === undefined) return undefined
      const entries: RingEntry<Event, Key>[] = []
      for (let place = from; place < next && entries.length < limit; place += 1) {
        const entry = held(place)
        if (entry !== undefined) entries.push(entry)
      }
      return entries
    },
    placeAfter,
    at: (place) => {
      if (place < first) return 'gone'
      return place < next ? held(place) : undefined
    },
    dropWhile: (isGone) => {
      for (let oldest = held(first); oldest !== undefined && isGone(oldest.key);) {
        letGo()
        oldest = held(first)
      }
    },
    restart: (key) => {
      slots.length = 0
      // One place is skipped: who waited for the next entry must learn that there was a gap.
      next += 1
      first = next
      bytes = 0
      start = key
    },
  }
}
