import { createHash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { GraphQLError } from 'graphql'
import { AppError, toAppError } from '@heirloom/errors'
import type { Federation } from '../federation/federation.js'
import type { Asker } from '../federation/subgraph-request.js'
import { Feed, feedLimits, type FeedDeps, type FeedHome, type FeedLimits } from './feed.js'
import { Follower, type FollowerHome } from './follower.js'
import type { Outlet, Subscription } from './outlet.js'
import {
  planSubscription,
  sharedText,
  type PlannedSubscription,
  type SubscriptionRequest,
} from './plan-subscription.js'
import { resumeLimits } from './resume.js'

// Brings followers and feeds together: those who select the same, with the same rights, follow one
// feed, whose events are read, filled and written once. Where a follower goes on:
//   - without a cursor, at the end of the feed that reads the live end;
//   - with a cursor, at the feed whose ring knows it;
//   - otherwise at a feed of its own, from its cursor, that others with that cursor join.
// A feed that arrives at a position in the ring of another hands its followers over and closes.
// Invariant: a follower changes feeds only between two events, at a position that the ring of the
// next feed holds or that its source starts from. Cursors are compared as text and never read: two
// equal ones are one position of one stream, because the key that feeds are found by names the
// stream. Where keys are rotated, equal positions may have cursors that differ: feeds then stay
// apart, which costs, and loses nothing.

export interface Hub {
  /** Begins a subscription; returns what is wrong with one that cannot begin. */
  follow(
    request: SubscriptionRequest,
    asker: Asker,
    outlet: Outlet,
  ): Subscription | { readonly errors: readonly GraphQLError[] }
  /** How many sources are open at subgraphs. */
  readonly feeds: number
  close(): void
}

export interface SubscriptionLimits extends FeedLimits {
  /** A subscriber may leave results untaken for so long before it counts as too slow. */
  readonly slowConsumerMs: number
}

export const subscriptionLimits: SubscriptionLimits = {
  ...resumeLimits,
  ...feedLimits,
  slowConsumerMs: 30_000,
}

export interface HubDeps extends FeedDeps {
  readonly federation: Pick<Federation, 'hold' | 'onChange'>
  readonly limits: SubscriptionLimits
  readonly now: () => number
}

/** Feeds that take up a new supergraph before anything else gets a turn. */
const slice = 20

export function createHub(deps: HubDeps): Hub {
  const { federation, limits, logger, now } = deps
  const byKey = new Map<string, Set<Feed>>()
  const stalledSince = new Map<Follower, number>()
  let alone = 0

  const sweep = setInterval(() => {
    const slow = [...stalledSince].filter(([, since]) => now() - since >= limits.slowConsumerMs)
    for (const [follower] of slow) follower.tooSlow()
  }, limits.slowConsumerMs / 4)
  sweep.unref()

  function feedsOf(key: string): ReadonlySet<Feed> {
    return byKey.get(key) ?? new Set()
  }

  const feedHome: FeedHome = {
    progressed: (feed) => mergeInto(otherWith(feed), feed),
    closed: (feed) => {
      const feeds = byKey.get(feed.key)
      if (feeds?.delete(feed) === true && feeds.size === 0) byKey.delete(feed.key)
    },
  }

  /** A feed whose ring holds the position that this one has come to. */
  function otherWith(feed: Feed): { readonly feed: Feed; readonly place: number } | undefined {
    const end = feed.ring.endsAt
    if (typeof end !== 'string') return undefined
    for (const other of feedsOf(feed.key)) {
      const place = other === feed ? undefined : other.ring.placeAfter(end)
      if (place !== undefined) return { feed: other, place }
    }
    return undefined
  }

  function mergeInto(target: ReturnType<typeof otherWith>, feed: Feed): void {
    if (target === undefined) return
    if (feed.isLive) target.feed.isLive = true
    const end = feed.ring.next
    for (const follower of feed.followers) {
      follower.depart(feed)
      // Who lags behind waits for room, and is placed by its own cursor when there is some.
      if (follower.place === end) target.feed.follow(follower, target.place)
    }
  }

  const followerHome: FollowerHome = {
    place: (follower) => place(follower),
    stalled: (follower) => {
      if (!stalledSince.has(follower)) stalledSince.set(follower, now())
    },
    moving: (follower) => void stalledSince.delete(follower),
    left: (follower) => void stalledSince.delete(follower),
  }

  function place(follower: Follower, planned?: PlannedSubscription): void {
    for (const feed of feedsOf(follower.key)) {
      const { cursor } = follower
      const at =
        cursor !== undefined
          ? feed.ring.placeAfter(cursor)
          : feed.isLive
            ? feed.ring.next
            : undefined
      if (at === undefined) continue
      planned?.release()
      return feed.follow(follower, at)
    }
    open(follower, planned)
  }

  function open(follower: Follower, given: PlannedSubscription | undefined): void {
    const planned = given ?? planSubscription(federation.hold(), follower.request)
    if (!('node' in planned)) return follower.end(noLongerValid(planned))
    const { key, cursor: after } = follower
    const feed = new Feed({ key, planned, after }, deps, feedHome)
    byKey.set(key, (byKey.get(key) ?? new Set<Feed>()).add(feed))
    feed.follow(follower, 0)
    void feed.run()
  }

  async function moveAll(): Promise<void> {
    let moved = 0
    for (const feeds of byKey.values()) {
      for (const feed of feeds) {
        move(feed)
        moved += 1
        if (moved % slice === 0) await nextTurn()
      }
    }
  }

  /** What has no position stays, to its end, on the supergraph that it began on. */
  function move(feed: Feed): void {
    if (feed.isClosed || feed.ended !== undefined || feed.planned.resumable === undefined) return
    const hold = federation.hold()
    if (hold.served === feed.planned.served) return hold.release()
    try {
      const planned = planSubscription(hold, feed.planned.request)
      if ('node' in planned) feed.moveTo(planned)
      else feed.fail(noLongerValid(planned))
    } catch (error) {
      feed.fail(toAppError(error))
    }
  }

  const unlisten = federation.onChange(() => {
    moveAll().catch((error: unknown) => logger.error({ err: error }, 'subscriptions stay behind'))
  })

  return {
    get feeds() {
      return [...byKey.values()].reduce((sum, feeds) => sum + feeds.size, 0)
    },
    follow: (request, asker, outlet) => {
      const planned = planSubscription(federation.hold(), request)
      if (!('node' in planned)) return { errors: planned }
      const text = sharedText(planned)
      // What has no positions cannot be gone on with: everybody follows it alone.
      const key = text === undefined ? `alone ${(alone += 1)}` : keyOf(asker, text)
      const { resumable } = planned
      const cursor = resumable === undefined ? undefined : (request.lastEventId ?? resumable.after)
      const about = { key, request, asker, cursor }
      const follower = new Follower(about, outlet, followerHome)
      place(follower, planned)
      return follower
    },
    close: () => {
      clearInterval(sweep)
      unlisten()
      for (const feeds of byKey.values()) for (const feed of feeds) feed.close()
    },
  }
}

/** A digest, because every follower keeps it. */
function keyOf({ rights }: Asker, text: string): string {
  return createHash('sha256').update(`${rights}\n${text}`).digest('base64')
}

function noLongerValid(errors: readonly GraphQLError[]): AppError {
  const reasons = errors.map(({ message }) => message).join('; ')
  return new AppError('GRAPHQL_VALIDATION_FAILED', `this can no longer be followed: ${reasons}`)
}
