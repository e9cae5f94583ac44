/**
 * One subscriber of a shared reader. It has a position, and is in one of two phases: *live*, with a
 * place in the reader's ring, or *catching up*, with pages of the log of its own.
 *
 * Invariants: `position` is that of the last event handed out. Live: the entry at `place` is the
 * first event after `position`. Catching up: `page` holds, from `pageAt` on, the first events after
 * `position`. It goes live only when `position` is a key in the ring with nothing of its page left,
 * and falls back only when its place is gone, from `position`; so whichever way it takes, the next
 * event handed out is the first one after `position`: none is missed, none comes twice. Nothing is
 * read ahead of what is asked for but one page.
 */
import { AppError } from '@heirloom/errors'
import type { StreamCursors } from './cursor.js'
import type { EventLog, LogEvent, Position } from './event-log.js'
import type { StreamLimits } from './limits.js'
import { createPageSizer, type PageSizer } from './page-sizer.js'
import { persistently } from './persistently.js'
import { refuseExpired } from './resume.js'
import type { Ring } from './ring.js'

/** A follower as its consumer sees it. */
export interface Following<Event> {
  /**
   * The next events, at least one and at most `max`, as soon as there are any; undefined once it
   * was closed. Ask again only when the last answer has come. @throws AppError that ends it, with
   * the cursor of the last event handed out in `details.cursor`: CURSOR_EXPIRED,
   * CONSUMER_TOO_SLOW, TOKEN_EXPIRED, or what the log throws
   */
  nextBatch(max: number): Promise<readonly Event[] | undefined>
  /** Called once it has ended for a reason of its own, for who does not ask at the moment. */
  onEnd: (() => void) | undefined
  close(): void
}

/** What a follower needs of its reader. */
export interface Source<Event extends LogEvent> {
  readonly log: EventLog<Event>
  readonly cursors: StreamCursors
  readonly ring: Ring<Event>
  readonly limits: StreamLimits
  readonly now: () => number
  /** Set once the reader has given up; what its ring holds is good all the same. */
  readonly failure: unknown
  sizeOf(event: Event): number
  /** Wakes the follower once something was appended to the ring, or the reader has failed. */
  wait(follower: Follower<Event>): void
  /** Somebody has read beyond the ring: there is something to read. */
  hurry(): void
  leave(follower: Follower<Event>): void
}

export class Follower<Event extends LogEvent> implements Following<Event> {
  readonly #source: Source<Event>
  readonly #expiresAtMs: number
  #sizer: PageSizer | undefined
  #position: Position
  #place: number | undefined
  #page: readonly Event[] = []
  #pageAt = 0
  #asking = false
  #lastAskedAtMs: number
  #ended: { readonly error?: AppError } | undefined
  #wake: (() => void) | undefined
  onEnd: (() => void) | undefined

  constructor(source: Source<Event>, from: Position, expiresAtMs: number) {
    this.#source = source
    this.#position = from
    this.#expiresAtMs = expiresAtMs
    this.#lastAskedAtMs = source.now()
  }

  async nextBatch(max: number): Promise<readonly Event[] | undefined> {
    this.#asking = true
    try {
      while (this.#ended === undefined) {
        const events = this.#fromPage(max) ?? this.#fromRing(max)
        if (events !== undefined) return events
        if (this.#place === undefined) await this.#readPage()
        else await this.#more()
      }
    } catch (error) {
      this.#end(error)
    } finally {
      this.#asking = false
      this.#lastAskedAtMs = this.#source.now()
    }
    const error = this.#ended?.error
    // Said once: a consumer that asks again after the end is told that it is over.
    this.#ended = {}
    if (error !== undefined) throw error
    return undefined
  }

  close(): void {
    this.#end()
  }

  fail(error: AppError): void {
    this.#end(error)
  }

  wake(): void {
    this.#wake?.()
  }

  /** Ends it if its time is over, or if it leaves events lying. */
  check(nowMs: number): void {
    if (nowMs >= this.#expiresAtMs) {
      this.#end(new AppError('TOKEN_EXPIRED', 'rights are good for a time; go on from the cursor'))
      return
    }
    const { ring, limits } = this.#source
    const behind = this.#pageAt < this.#page.length || this.#position < ring.endsAt
    if (!this.#asking && behind && nowMs - this.#lastAskedAtMs >= limits.stallMs) {
      this.#end(
        new AppError('CONSUMER_TOO_SLOW', 'events were not taken in time; go on from the cursor'),
      )
    }
  }

  #fromPage(max: number): readonly Event[] | undefined {
    if (this.#pageAt >= this.#page.length) return undefined
    const events = this.#page.slice(this.#pageAt, this.#pageAt + max)
    this.#pageAt += events.length
    if (this.#pageAt >= this.#page.length) this.#dropPage()
    return this.#handOut(events)
  }

  #fromRing(max: number): readonly Event[] | undefined {
    const { ring } = this.#source
    let place = (this.#place ??= ring.placeAfter(this.#position))
    if (place === undefined) return undefined
    const events: Event[] = []
    while (events.length < max) {
      const entry = ring.at(place)
      if (entry === 'gone') {
        // Places go from the oldest on, and nothing was appended while we read: none was taken.
        this.#place = undefined
        return undefined
      }
      if (entry === undefined) break
      events.push(entry.event)
      place += 1
    }
    this.#place = place
    return events.length === 0 ? undefined : this.#handOut(events)
  }

  #handOut(events: readonly Event[]): readonly Event[] {
    this.#position = events.at(-1)?.position ?? this.#position
    return events
  }

  async #readPage(): Promise<void> {
    const { log, cursors, ring, limits, now } = this.#source
    if (this.#position > ring.endsAt) {
      this.#source.hurry()
      return this.#more()
    }
    const sizer = (this.#sizer ??= createPageSizer({
      maxEvents: limits.pageEvents,
      bytes: limits.pageBytes,
    }))
    const position = this.#position
    const page = await persistently(() => log.readAfter(position, sizer.limit), {
      outageMs: limits.outageMs,
      now,
      stopped: () => this.#ended !== undefined,
    })
    refuseExpired(position, page.startsAfter, cursors)
    if (this.#ended !== undefined) return
    if (page.events.length === 0) return this.#more()
    const bytes = page.events.reduce((sum, event) => sum + this.#source.sizeOf(event), 0)
    sizer.saw(page.events.length, bytes)
    this.#page = page.events
    this.#pageAt = 0
  }

  #dropPage(): void {
    this.#page = []
    this.#pageAt = 0
  }

  /** Resolves when there may be more. @throws what the reader gave up for */
  async #more(): Promise<void> {
    const { failure } = this.#source
    if (failure !== undefined) throw failure
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      this.#source.wait(this)
    })
    this.#wake = undefined
  }

  #end(error?: unknown): void {
    if (this.#ended !== undefined) return
    this.#ended = error === undefined ? {} : { error: this.#withCursor(error) }
    this.#dropPage()
    this.#source.leave(this)
    this.#wake?.()
    if (error !== undefined && !this.#asking) this.onEnd?.()
  }

  #withCursor(error: unknown): AppError {
    const known =
      error instanceof AppError
        ? error
        : new AppError('INTERNAL', 'this stream cannot be followed', { cause: error })
    const cursor = this.#source.cursors.encode(this.#position)
    return new AppError(known.code, known.message, {
      cause: known,
      details: { ...known.details, cursor },
    })
  }
}
