/**
 * Reads one log on behalf of everybody in this process who follows it. The log is the truth, the
 * wake-up only a hint.
 *
 * Phases: 1. register for wake-ups, then ask for the log's end: the ring starts there. 2. Forget
 * earlier wake-ups, read a page after the ring's end, append it to the ring, wake the followers;
 * again until a page is empty. 3. Wait until a wake-up came since phase 2 forgot them, or the poll
 * interval passed; then 2. It ends when it is stopped, or when the log has failed for longer than an
 * outage may last: then `failure` is set and every follower woken, and it never reads again.
 *
 * Invariants: only this loop appends to the ring, always the first events after `ring.endsAt`, so
 * the ring is a gapless run of the log; where retention was faster than the reader, the ring starts
 * anew and all places are gone. An event is in the page read, or it is appended after that read, and
 * then its wake-up finds us registered and is not forgotten before the next read. A lost wake-up
 * costs at most one poll interval (`quietPollIntervalMs` where wake-ups are the rule). Followers never hold the reader up.
 */
import { AppError } from '@heirloom/errors'
import type { StreamCursors } from './cursor.js'
import { createBell } from './bell.js'
import type { EventLog, LogEvent, Position } from './event-log.js'
import { Follower, type Source } from './follower.js'
import type { StreamLimits } from './limits.js'
import { createPageSizer } from './page-sizer.js'
import { persistently } from './persistently.js'
import { createRing, type Ring } from './ring.js'

export interface FollowedLog<Event extends LogEvent> {
  readonly log: EventLog<Event>
  readonly cursors: StreamCursors
  /** In bytes, as its followers will send it. */
  readonly sizeOf: (event: Event) => number
}

export interface StreamReader<Event extends LogEvent> {
  /** The newest events; where the log ended when the reader began, and what came since. */
  readonly ring: Ring<Event>
  readonly failure: unknown
  readonly followers: ReadonlySet<Follower<Event>>
  follow(from: Position, expiresAtMs: number): Follower<Event>
  /** Tells its followers to go on elsewhere. Resolves when nothing is read any more. */
  stop(): Promise<void>
}

export interface ReaderOptions {
  readonly limits: StreamLimits
  readonly now: () => number
  /** The last follower has left. */
  readonly onIdle: () => void
}

/** Resolves once the log's end is known. @throws AppError what the log throws */
export async function startStreamReader<Event extends LogEvent>(
  { log, cursors, sizeOf }: FollowedLog<Event>,
  { limits, now, onIdle }: ReaderOptions,
): Promise<StreamReader<Event>> {
  const stopping = new AbortController()
  const bell = createBell(stopping.signal)
  const followers = new Set<Follower<Event>>()
  const waiting = new Set<Follower<Event>>()
  let failure: unknown

  const unsubscribe = log.onAppend(() => bell.ring())
  const head = await log.head().catch((error: unknown) => {
    unsubscribe()
    throw error
  })
  const ring = createRing<Event>(head.position, {
    maxEvents: limits.ringEvents,
    maxBytes: limits.ringBytes,
  })
  const sizer = createPageSizer({ maxEvents: limits.ringEvents, bytes: limits.ringBytes })

  function wakeAll(): void {
    const woken = [...waiting]
    waiting.clear()
    for (const follower of woken) follower.wake()
  }

  /** Whether followers have something to look at. */
  async function readOnce(): Promise<boolean> {
    bell.silence()
    const { events, startsAfter } = await persistently(
      () => log.readAfter(ring.endsAt, sizer.limit),
      { outageMs: limits.outageMs, now, stopped: () => stopping.signal.aborted },
    )
    // Whoever waits has to learn of the gap, also when nothing comes after it yet.
    const overtaken = startsAfter > ring.endsAt
    if (overtaken) ring.restart(startsAfter)
    // What was removed, for whatever reason, is not handed out of memory either.
    else ring.dropWhile((key) => key <= startsAfter)
    let bytes = 0
    for (const event of events) {
      const size = sizeOf(event)
      bytes += size
      ring.append(event.position, event, size)
    }
    sizer.saw(events.length, bytes)
    return overtaken || events.length > 0
  }

  /** Thousands of quiet streams cost little, as long as somebody would tell of an event. */
  function quietPauseMs(pauseMs: number): number {
    const { pollIntervalMs, quietPollIntervalMs } = limits
    if (log.notifies?.() !== true) return pollIntervalMs
    return Math.max(pollIntervalMs, Math.min(quietPollIntervalMs, 2 * pauseMs))
  }

  async function read(): Promise<void> {
    let pauseMs = limits.pollIntervalMs
    try {
      while (!stopping.signal.aborted) {
        if (await readOnce()) {
          wakeAll()
          pauseMs = limits.pollIntervalMs
        } else {
          await bell.rung(pauseMs)
          pauseMs = quietPauseMs(pauseMs)
        }
      }
    } catch (error) {
      if (!stopping.signal.aborted) failure = error
    } finally {
      unsubscribe()
      wakeAll()
    }
  }

  const source: Source<Event> = {
    log,
    cursors,
    ring,
    limits,
    now,
    sizeOf,
    get failure() {
      return failure
    },
    wait: (follower) => void waiting.add(follower),
    hurry: () => bell.ring(),
    leave: (follower) => {
      followers.delete(follower)
      waiting.delete(follower)
      if (followers.size === 0) onIdle()
    },
  }
  const reading = read()

  return {
    ring,
    followers,
    get failure() {
      return failure
    },
    follow: (from, expiresAtMs) => {
      const follower = new Follower(source, from, expiresAtMs)
      followers.add(follower)
      if (stopping.signal.aborted) follower.fail(stopped())
      return follower
    },
    stop: async () => {
      stopping.abort()
      for (const follower of followers) follower.fail(stopped())
      await reading
    },
  }
}

function stopped(): AppError {
  return new AppError('BACKEND_UNAVAILABLE', 'this process stops; go on from the cursor')
}
