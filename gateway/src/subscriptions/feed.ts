import { setImmediate as nextTurn } from 'node:timers/promises'
import { AppError, toAppError } from '@heirloom/errors'
import { createRing, type Ring, type RingKey } from '@heirloom/streams'
import type { Logger } from '@heirloom/telemetry'
import type { Caller } from '../federation/subgraph-request.js'
import { cursorOf, fillEvents, type SharedResult } from './fill-events.js'
import type { Followed, Follower } from './follower.js'
import type { PlannedSubscription } from './plan-subscription.js'
import { resumed, type ResumeLimits } from './resume.js'
import type { OpenUpstream, UpstreamEvent } from './upstream.js'

// One subscription at one subgraph, filled once, for everybody who follows it.
//
// Phases of a batch: read from the subgraph, filled from the others, appended to the ring, given
// to every follower that has room. Then, and not before, the next batch is read. Invariants:
//   1. The ring is a gapless run of the stream, in order: its end is where the source goes on.
//   2. Nothing is let go from the ring before some follower has been given it: so the quickest
//      follower sets the pace, and a feed whose followers are all slow reads no further. A follower
//      that is slower than another may find its place gone, and knows it.
//   3. Somebody follows, or the feed is closed: what it reads with is a right of a follower.

export interface FeedLimits extends ResumeLimits {
  /** What a ring holds at most. */
  readonly maxRingEvents: number
  readonly maxRingBytes: number
  /** After so long a source is opened anew, so that the subgraph decides again about its rights. */
  readonly reauthorizeMs: number
}

export const feedLimits = {
  maxRingEvents: 512,
  maxRingBytes: 1024 * 1024,
  reauthorizeMs: 300_000,
}

export interface FeedDeps {
  readonly openUpstream: OpenUpstream
  readonly limits: FeedLimits
  readonly logger: Logger
}

export interface FeedHome {
  /** The ring's end has moved, or has become known. */
  progressed(feed: Feed): void
  /** It is over: nobody is to join it any more. */
  closed(feed: Feed): void
}

interface Batch {
  readonly planned: PlannedSubscription
  readonly events: readonly UpstreamEvent[]
}

/** Key of a ring whose start is not known. A cursor is a text, so it is none. */
const unknownStart = -1
/** The key under which a subgraph tells, before the first event, where "from now" began. */
const startCursorKey = 'start_cursor'
/** Followers that are served before others get a turn. */
const slice = 250

export class Feed implements Followed {
  readonly key: string
  readonly ring: Ring<SharedResult, RingKey>
  /** Whether its end is the live end: it began there, or has taken over from one that did. */
  isLive: boolean
  /** Set once the source is over; followers take what the ring holds, then end likewise. */
  ended: { readonly reason: AppError | undefined } | undefined
  readonly #deps: FeedDeps
  readonly #home: FeedHome
  readonly #after: string | undefined
  readonly #followers = new Set<Follower>()
  readonly #closing = new AbortController()
  #planned: PlannedSubscription
  #next: PlannedSubscription | undefined
  #source: AbortController | undefined
  #reopen = false
  #reauthorize: NodeJS.Timeout | undefined
  #caughtUp: (() => void) | undefined
  #given = { events: 0, bytes: 0 }

  constructor(
    about: {
      readonly key: string
      readonly planned: PlannedSubscription
      readonly after: string | undefined
    },
    deps: FeedDeps,
    home: FeedHome,
  ) {
    this.key = about.key
    this.#planned = about.planned
    this.#after = about.after
    this.isLive = about.after === undefined
    this.#deps = deps
    this.#home = home
    const { maxRingEvents: maxEvents, maxRingBytes: maxBytes } = deps.limits
    this.ring = createRing(about.after ?? unknownStart, { maxEvents, maxBytes })
  }

  get followers(): ReadonlySet<Follower> {
    return this.#followers
  }

  get isClosed(): boolean {
    return this.#closing.signal.aborted
  }

  get planned(): PlannedSubscription {
    return this.#planned
  }

  /** The position before a place, where the ring still knows it. */
  cursorAt(place: number): string | undefined {
    const key = place === this.ring.next ? this.ring.endsAt : undefined
    return typeof key === 'string' ? key : undefined
  }

  /** The first follower joins before this is called. */
  async run(): Promise<void> {
    const { limits, logger } = this.#deps
    const { signal } = this.#closing
    try {
      const batches = resumed<Batch>(
        {
          after: this.#after,
          open: (after) => this.#open(after),
          positionAfter,
          opensAgain: () => this.#reopen && this.ended === undefined,
          limits,
          logger: logger.child({ request_id: this.#sponsor()?.asker.requestId }),
        },
        signal,
      )
      for await (const batch of batches) {
        await this.#take(batch)
        if (this.isClosed || this.ended !== undefined) return
        if (this.#reopen) this.#source?.abort()
      }
      this.#end(undefined)
    } catch (error) {
      if (!this.isClosed) this.#end(toAppError(error))
    }
  }

  follow(follower: Follower, place: number): void {
    this.#followers.add(follower)
    follower.join(this, place)
  }

  /** Closes the feed with its last follower. */
  leave(follower: Follower): void {
    if (this.#followers.delete(follower) && this.#followers.size === 0) this.close()
    // It may have been the one that others are waited for with.
    else this.#caughtUp?.()
  }

  /** A follower has been given everything. */
  caughtUp(): void {
    this.#caughtUp?.()
  }

  /** Goes on at its position on another supergraph, once it has one. */
  moveTo(planned: PlannedSubscription): void {
    this.#next?.release()
    this.#next = planned
    this.#openAgain()
  }

  /** Nobody can follow it any more. */
  fail(reason: AppError): void {
    this.#end(reason)
  }

  close(): void {
    if (this.isClosed) return
    this.#closing.abort()
    this.#source?.abort()
    clearTimeout(this.#reauthorize)
    this.#caughtUp?.()
    this.#home.closed(this)
    this.#planned.release()
    this.#next?.release()
  }

  /** Without a position it stays where it is, lest something is lost, until it has one. */
  #openAgain(): void {
    if (this.isClosed || this.#planned.resumable === undefined) return
    this.#reopen = true
    if (this.ring.endsAt !== unknownStart) this.#source?.abort()
  }

  #open(after: string | undefined): AsyncIterable<Batch> {
    if (this.#next !== undefined) {
      this.#planned.release()
      this.#planned = this.#next
      this.#next = undefined
    }
    this.#reopen = false
    const source = new AbortController()
    this.#source = source
    clearTimeout(this.#reauthorize)
    this.#reauthorize = setTimeout(() => this.#openAgain(), this.#deps.limits.reauthorizeMs)
    this.#reauthorize.unref()
    return batchesOf(this.#planned, this.#request(this.#planned, after), source.signal)
  }

  #request(
    planned: PlannedSubscription,
    after: string | undefined,
  ): (signal: AbortSignal) => AsyncIterable<readonly UpstreamEvent[]> {
    const { primary } = planned.node
    const { resumable } = planned
    const url = planned.served.urls.get(primary.serviceName)
    if (url === undefined) throw new Error(`no address for the subgraph ${primary.serviceName}`)
    const variables: Readonly<Record<string, unknown>> = {
      ...planned.variables,
      ...(resumable === undefined ? {} : { [resumable.afterVariable]: after }),
    }
    const used = (primary.variableUsages ?? []).filter((name) => variables[name] !== undefined)
    const request = {
      url: url.replace(/^http/, 'ws'),
      query: primary.operation,
      operationName: primary.operationName,
      variables: Object.fromEntries(used.map((name) => [name, variables[name]])),
      // A token lives for a minute: each socket gets a new one, of somebody who follows now.
      headers: () => this.#caller().headersFor(primary.serviceName),
    }
    return (signal) => this.#deps.openUpstream(request, signal)
  }

  #sponsor(): Follower | undefined {
    const [first] = this.#followers
    return first
  }

  #caller(): Caller {
    const sponsor = this.#sponsor()
    if (sponsor === undefined) throw new AppError('INTERNAL', 'nobody follows this feed')
    return sponsor.asker.createCaller()
  }

  async #take({ planned, events }: Batch): Promise<void> {
    const start = startCursor(events[0])
    if (start !== undefined) this.#begin(start)
    const real = start === undefined ? events : events.slice(1)
    if (real.length > 0) {
      const results = await fillEvents(planned, real, {
        caller: this.#caller(),
        signal: this.#closing.signal,
        logger: this.#deps.logger,
      })
      if (this.isClosed || this.ended !== undefined) return
      for (const result of results) await this.#append(result)
      await this.#give()
    }
    if (!this.isClosed) this.#home.progressed(this)
    await this.#untilCaughtUp()
  }

  #begin(start: string): void {
    if (this.ring.endsAt !== unknownStart) return
    this.ring.restart(start)
    for (const follower of this.#followers) follower.beginAt(this.ring.next, start)
  }

  async #append(result: SharedResult): Promise<void> {
    const { maxRingEvents, maxRingBytes } = this.#deps.limits
    const bytes = result.json.length
    const given = this.#given
    if (given.events >= maxRingEvents || given.bytes + bytes > maxRingBytes) {
      await this.#give()
      await this.#untilCaughtUp()
    }
    if (this.isClosed) return
    // A result without a position, an error for one, stands where the one before it does.
    this.ring.append(result.cursor ?? this.ring.endsAt, result, bytes)
    this.#given.events += 1
    this.#given.bytes += bytes
  }

  async #give(): Promise<void> {
    let served = 0
    for (const follower of this.#followers) {
      follower.give()
      served += 1
      if (served % slice === 0) await nextTurn()
      if (this.isClosed) return
    }
  }

  /** Resolves when some follower has been given everything, or nobody follows. */
  async #untilCaughtUp(): Promise<void> {
    while (!this.isClosed && !this.#hasCaughtUp()) {
      await new Promise<void>((resolve) => {
        this.#caughtUp = resolve
      })
      this.#caughtUp = undefined
    }
    this.#given = { events: 0, bytes: 0 }
  }

  #hasCaughtUp(): boolean {
    for (const follower of this.#followers) if (follower.place === this.ring.next) return true
    return false
  }

  #end(reason: AppError | undefined): void {
    if (this.isClosed || this.ended !== undefined) return
    this.ended = { reason }
    this.#home.closed(this)
    this.#source?.abort()
    // Those who have everything end now, the others when they have.
    for (const follower of this.#followers) follower.give()
  }
}

async function* batchesOf(
  planned: PlannedSubscription,
  open: (signal: AbortSignal) => AsyncIterable<readonly UpstreamEvent[]>,
  signal: AbortSignal,
): AsyncGenerator<Batch, void, void> {
  for await (const events of open(signal)) yield { planned, events }
}

function positionAfter({ planned, events }: Batch): string | undefined {
  for (const event of events.toReversed()) {
    const cursor = cursorOf(event, planned) ?? startCursor(event)
    if (cursor !== undefined) return cursor
  }
  return undefined
}

function startCursor(event: UpstreamEvent | undefined): string | undefined {
  const cursor = event?.extensions?.[startCursorKey]
  return typeof cursor === 'string' && (event?.data ?? null) === null ? cursor : undefined
}
