import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AppError } from '@heirloom/errors'
import type { LogEvent } from './event-log.js'
import type { Following } from './follower.js'
import { away, startReaders, type ReadersRig } from './testing/rig.js'

type Step =
  | { readonly op: 'append'; readonly count: number; readonly silently: boolean }
  | { readonly op: 'subscribe'; readonly at: number | null }
  | { readonly op: 'take'; readonly who: number; readonly max: number }
  | { readonly op: 'trim'; readonly share: number }
  | { readonly op: 'fail' | 'heal' | 'settle' | 'wake' }
  | { readonly op: 'pass'; readonly ms: number }
  | { readonly op: 'close'; readonly who: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant('append' as const),
      count: fc.integer({ min: 1, max: 6 }),
      silently: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ op: fc.constant('subscribe' as const), at: fc.option(fc.nat(20)) }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      op: fc.constant('take' as const),
      who: fc.nat(10),
      max: fc.integer({ min: 1, max: 5 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('trim' as const), share: fc.nat(100) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constantFrom(
        'fail' as const,
        'heal' as const,
        'settle' as const,
        'settle' as const,
        'wake' as const,
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('pass' as const), ms: fc.nat(80) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('close' as const), who: fc.nat(10) }) },
)

interface Subscriber {
  readonly following: Following<LogEvent>
  readonly start: number
  readonly got: number[]
  asking: Promise<void> | undefined
  /** undefined while it goes on, null when it was closed. */
  ended: AppError | null | undefined
}

/** Runs a script against readers with the smallest of buffers, and says what everybody saw. */
class World {
  readonly rig: ReadersRig = startReaders({
    ringEvents: 3,
    pageEvents: 2,
    pollIntervalMs: 2,
    stallMs: 100,
    outageMs: 60,
    lingerMs: 1,
  })
  readonly subscribers: Subscriber[] = []
  newest = 0
  trimmedTo = 0
  passedMs = 0

  async run(one: Step): Promise<void> {
    const { log } = this.rig
    switch (one.op) {
      case 'append': {
        // Gaps between positions, as a clock leaves them.
        const positions = Array.from({ length: one.count }, (_, n) => this.newest + 2 * (n + 1))
        this.newest = positions.at(-1) ?? this.newest
        if (one.silently) log.appendSilently(...positions)
        else log.append(...positions)
        return
      }
      case 'subscribe':
        return this.subscribe(one.at)
      case 'take': {
        const subscriber = this.subscribers[one.who % Math.max(1, this.subscribers.length)]
        if (subscriber !== undefined) void this.take(subscriber, one.max)
        return
      }
      case 'trim': {
        const events = this.newest / 2
        this.trimmedTo = Math.max(this.trimmedTo, 2 * Math.floor((events * one.share) / 100))
        log.trimTo(this.trimmedTo)
        return
      }
      case 'fail':
        return log.fail(away)
      case 'heal':
        return log.fail(undefined)
      case 'wake':
        return log.wake()
      case 'pass':
        this.passedMs += one.ms
        return this.rig.pass(one.ms)
      case 'close': {
        const subscriber = this.subscribers[one.who]
        subscriber?.following.close()
        if (subscriber !== undefined) subscriber.ended ??= null
        return
      }
      default:
        return log.settled()
    }
  }

  /** After one of the events there are, or from now on. */
  async subscribe(at: number | null): Promise<void> {
    const after = at === null ? undefined : Math.min(this.newest, 2 * at)
    const now = this.newest
    try {
      const following = await this.rig.follow(after)
      const start = after ?? now
      this.subscribers.push({ following, start, got: [], asking: undefined, ended: undefined })
    } catch (error) {
      const { code } = error as AppError
      expect(['CURSOR_EXPIRED', 'BACKEND_UNAVAILABLE']).toContain(code)
      if (code === 'CURSOR_EXPIRED') expect(after).toBeLessThan(this.trimmedTo)
    }
  }

  take(subscriber: Subscriber, max: number): Promise<void> {
    const ask = async (): Promise<void> => {
      try {
        const events = await subscriber.following.nextBatch(max)
        expect(events === undefined || (events.length > 0 && events.length <= max)).toBe(true)
        if (events === undefined) subscriber.ended ??= null
        else subscriber.got.push(...events.map((event) => event.position))
      } catch (error) {
        subscriber.ended = error as AppError
      } finally {
        subscriber.asking = undefined
      }
    }
    return (subscriber.asking ??= ask())
  }

  /** Heals everything and lets everybody who still can take everything. */
  async finish(): Promise<void> {
    this.rig.log.fail(undefined)
    this.rig.log.wake()
    for (const subscriber of this.subscribers) {
      const last = (): number => subscriber.got.at(-1) ?? subscriber.start
      while (subscriber.ended === undefined && last() < this.newest) await this.take(subscriber, 4)
    }
    await this.rig.readers.close()
    await Promise.all(this.subscribers.flatMap(({ asking }) => asking ?? []))
  }

  check({ start, got, ended }: Subscriber): void {
    // Once and in order, without a gap: the events are 2, 4, 6, …
    expect(got).toEqual(got.map((_, n) => start + 2 * (n + 1)))
    const position = got.at(-1) ?? start
    const code = ended?.code
    if (ended === undefined || ended === null) {
      if (ended === undefined) expect(position).toBe(this.newest)
      return
    }
    expect(['CURSOR_EXPIRED', 'CONSUMER_TOO_SLOW', 'BACKEND_UNAVAILABLE']).toContain(code)
    expect(ended.details['cursor']).toBe(this.rig.cursors.encode(position))
    if (code === 'CURSOR_EXPIRED') expect(position).toBeLessThan(this.trimmedTo)
    if (code === 'CONSUMER_TOO_SLOW') expect(this.passedMs).toBeGreaterThanOrEqual(100)
  }
}

describe('shared readers of streams, whatever happens in whichever order,', () => {
  it('show every subscriber every event after its start once and in order, or a named error', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 50 }), async (steps) => {
        const world = new World()
        for (const one of steps) await world.run(one)
        await world.finish()
        for (const subscriber of world.subscribers) world.check(subscriber)
        expect(world.rig.log.waiting).toBe(0)
      }),
      { numRuns: 300, timeout: 5_000 },
    )
  })
})
