import type { Following } from './follower.js'

/** A follower whose events are taken one by one or, by who knows how, many at once. */
export interface FollowedEvents<Event> extends AsyncIterableIterator<Event>, Following<Event> {}

/**
 * The events of a follower as far as they are to be seen, each turned into what its consumer wants.
 * `return` ends the follower at once, also while an event is waited for.
 */
export function followedEvents<Event, Wanted>(
  following: Following<Event>,
  wanted: (event: Event) => Wanted | undefined,
): FollowedEvents<Wanted> {
  async function nextBatch(max: number): Promise<readonly Wanted[] | undefined> {
    for (;;) {
      const events = await following.nextBatch(max)
      if (events === undefined) return undefined
      const seen = events.flatMap((event) => {
        const one = wanted(event)
        return one === undefined ? [] : [one]
      })
      if (seen.length > 0) return seen
    }
  }
  return {
    nextBatch,
    next: async () => {
      const [value] = (await nextBatch(1)) ?? []
      return value === undefined ? { done: true, value } : { done: false, value }
    },
    return: () => {
      following.close()
      return Promise.resolve({ done: true, value: undefined })
    },
    close: () => following.close(),
    get onEnd() {
      return following.onEnd
    },
    set onEnd(listener) {
      following.onEnd = listener
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
