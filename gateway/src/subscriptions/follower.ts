import { AppError } from '@heirloom/errors'
import type { Ring, RingKey } from '@heirloom/streams'
import type { Asker } from '../federation/subgraph-request.js'
import type { SharedResult } from './fill-events.js'
import type { Outlet, Subscription, Waiting } from './outlet.js'
import type { SubscriptionRequest } from './plan-subscription.js'
import { withCursor } from './resume.js'

/** What a follower reads from. */
export interface Followed {
  readonly ring: Pick<Ring<SharedResult, RingKey>, 'at' | 'next'>
  /** Set once nothing follows what the ring holds. */
  readonly ended: { readonly reason: AppError | undefined } | undefined
  /** The position before a place, where it is known. */
  cursorAt(place: number): string | undefined
  /** A follower has been given everything. */
  caughtUp(): void
  leave(follower: Follower): void
}

/** What a follower asks of the hub. */
export interface FollowerHome {
  /** Its feed goes on without it, or is over: it needs one to go on from its cursor. */
  place(follower: Follower): void
  /** It has results to take and no room for them. */
  stalled(follower: Follower): void
  moving(follower: Follower): void
  left(follower: Follower): void
}

/**
 * One subscriber: where its results go, and how far it has come. Invariant: its outlet has been
 * given every result up to `cursor`, and `place` is that of the next one in the ring of its feed.
 */
export class Follower implements Subscription, Waiting {
  /** Followers with the same key may be given the same results. */
  readonly key: string
  readonly request: SubscriptionRequest
  readonly asker: Asker
  /** Position of the last result given; where it began before the first; undefined if unknown. */
  cursor: string | undefined
  /** Undefined while it is between two feeds. */
  feed: Followed | undefined
  place = 0
  readonly #outlet: Outlet
  readonly #home: FollowerHome
  #isOver = false

  constructor(
    about: Pick<Follower, 'key' | 'request' | 'asker' | 'cursor'>,
    outlet: Outlet,
    home: FollowerHome,
  ) {
    this.key = about.key
    this.request = about.request
    this.asker = about.asker
    this.cursor = about.cursor
    this.#outlet = outlet
    this.#home = home
  }

  get isOver(): boolean {
    return this.#isOver
  }

  join(feed: Followed, place: number): void {
    this.feed = feed
    this.place = place
    this.cursor ??= feed.cursorAt(place)
    this.give()
  }

  /** Nothing has come so far, and now it is known where its feed began. */
  beginAt(place: number, cursor: string): void {
    this.place = place
    this.cursor ??= cursor
  }

  resume(): void {
    if (this.#isOver) return
    this.#home.moving(this)
    if (this.feed === undefined) this.#home.place(this)
    else this.give()
  }

  /** Gives the outlet what the ring holds, as far as there is room. */
  give(): void {
    const { feed } = this
    if (feed === undefined || this.#isOver) return
    if (feed.ring.next - this.place > 1) this.#outlet.together(() => this.#give(feed))
    else this.#give(feed)
  }

  #give(feed: Followed): void {
    const { ring } = feed
    while (this.place < ring.next) {
      if (!this.#outlet.hasRoom) return this.#wait()
      const entry = ring.at(this.place)
      // It fell out of the ring: others read on, and it goes on at its own pace.
      if (entry === undefined || entry === 'gone') return this.#detach(feed)
      this.place += 1
      this.cursor = entry.event.cursor ?? this.cursor
      this.#outlet.give(entry.event)
      if (this.#isOver) return
    }
    if (feed.ended === undefined) feed.caughtUp()
    else this.end(feed.ended.reason)
  }

  #detach(feed: Followed): void {
    this.depart(feed)
    this.#home.place(this)
  }

  /** Leaves a feed, to join another one. */
  depart(feed: Followed): void {
    this.feed = undefined
    feed.leave(this)
  }

  #wait(): void {
    this.#home.stalled(this)
    this.#outlet.whenRoom(this)
  }

  tooSlow(): void {
    this.end(
      new AppError('CONSUMER_TOO_SLOW', 'events were not taken in time; go on from the cursor'),
    )
  }

  end(reason?: AppError): void {
    if (this.#isOver) return
    this.#leave()
    this.#outlet.end(reason === undefined ? undefined : withCursor(reason, this.cursor))
  }

  stop(): void {
    if (!this.#isOver) this.#leave()
  }

  #leave(): void {
    this.#isOver = true
    this.feed?.leave(this)
    this.feed = undefined
    this.#home.left(this)
  }
}
