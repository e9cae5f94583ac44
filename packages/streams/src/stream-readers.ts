/**
 * The shared readers of a process: one per stream that somebody follows. A reader starts with its
 * first follower and stops a while after its last one, so that a client which comes right back finds
 * the ring as it left it. A reader that failed keeps its followers until they have taken what its
 * ring holds; whoever comes new gets a new reader.
 */
import { AppError } from '@heirloom/errors'
import type { TenantId } from '@heirloom/tenancy'
import type { LogEvent, Position } from './event-log.js'
import type { Following } from './follower.js'
import { streamLimits, type StreamLimits } from './limits.js'
import { resumeFrom } from './resume.js'
import { startStreamReader, type FollowedLog, type StreamReader } from './stream-reader.js'

export interface StreamName {
  readonly tenantId: TenantId
  readonly streamId: string
}

export interface FollowOptions {
  /** Strictly after this cursor; without one from now on. */
  readonly after: string | null
  /** Milliseconds since 1970; then it ends with TOKEN_EXPIRED, and may go on when asked anew. */
  readonly expiresAtMs?: number
}

export interface StreamReaders<Event extends LogEvent> {
  /**
   * Every event of the stream after the cursor, once and in order. `log` must be that stream of that
   * tenant; the log of whoever comes first is read for all.
   * @throws AppError CURSOR_INVALID, CURSOR_AHEAD, CURSOR_EXPIRED, and what the log throws
   */
  follow(
    name: StreamName,
    log: FollowedLog<Event>,
    options: FollowOptions,
  ): Promise<{ readonly from: Position; readonly following: Following<Event> }>
  /** For metrics. */
  readonly stats: { readonly readers: number; readonly followers: number }
  /** Ends what no longer may go on; done regularly, and public for who cannot wait. */
  sweep(): void
  /** Ends every follower with BACKEND_UNAVAILABLE and its cursor. */
  close(): Promise<void>
}

export interface StreamReadersOptions {
  readonly limits?: Partial<StreamLimits>
  readonly now?: () => number
}

interface Entry<Event extends LogEvent> {
  readonly starting: Promise<StreamReader<Event>>
  reader: StreamReader<Event> | undefined
  /** Who waits for the reader to start, and is not its follower yet. */
  coming: number
  linger: NodeJS.Timeout | undefined
}

export function createStreamReaders<Event extends LogEvent>(
  options: StreamReadersOptions = {},
): StreamReaders<Event> {
  const limits: StreamLimits = { ...streamLimits, ...options.limits }
  const now = options.now ?? Date.now
  const current = new Map<string, Entry<Event>>()
  const entries = new Set<Entry<Event>>()
  let sweeping: NodeJS.Timeout | undefined
  let closed = false

  function open(key: string, followed: FollowedLog<Event>): Entry<Event> {
    const entry: Entry<Event> = {
      starting: startStreamReader(followed, { limits, now, onIdle: () => idle(key, entry) }),
      reader: undefined,
      coming: 0,
      linger: undefined,
    }
    current.set(key, entry)
    entries.add(entry)
    sweeping ??= setInterval(sweep, limits.sweepMs).unref()
    entry.starting.then(
      (reader) => (entry.reader = reader),
      () => drop(key, entry),
    )
    return entry
  }

  function drop(key: string, entry: Entry<Event>): void {
    clearTimeout(entry.linger)
    if (current.get(key) === entry) current.delete(key)
    entries.delete(entry)
    if (entries.size > 0) return
    clearInterval(sweeping)
    sweeping = undefined
  }

  function idle(key: string, entry: Entry<Event>): void {
    const { reader } = entry
    if (closed || reader === undefined || entry.coming > 0 || reader.followers.size > 0) return
    clearTimeout(entry.linger)
    const lingerMs = reader.failure === undefined ? limits.lingerMs : 0
    entry.linger = setTimeout(() => {
      drop(key, entry)
      void reader.stop()
    }, lingerMs).unref()
  }

  function usable(key: string, followed: FollowedLog<Event>): Entry<Event> {
    const entry = current.get(key)
    return entry === undefined || entry.reader?.failure !== undefined ? open(key, followed) : entry
  }

  function sweep(): void {
    const nowMs = now()
    for (const { reader } of entries) {
      for (const follower of reader?.followers ?? []) follower.check(nowMs)
    }
  }

  return {
    follow: async ({ tenantId, streamId }, followed, { after, expiresAtMs = Infinity }) => {
      if (closed) throw new AppError('BACKEND_UNAVAILABLE', 'this process stops; try again')
      const given = after === null ? undefined : followed.cursors.decode(after)
      const key = JSON.stringify([tenantId, streamId])
      const entry = usable(key, followed)
      clearTimeout(entry.linger)
      entry.coming += 1
      try {
        const reader = await entry.starting
        // Who comes back after a short break is in the ring, and the log need not be asked.
        const { ring } = reader
        const held = given !== undefined && ring.startsAfter <= given && given <= ring.endsAt
        const from = held ? given : await resumeFrom(followed.log, followed.cursors, after)
        return { from, following: reader.follow(from, expiresAtMs) }
      } finally {
        entry.coming -= 1
        idle(key, entry)
      }
    },
    get stats() {
      let followers = 0
      for (const { reader } of entries) followers += reader?.followers.size ?? 0
      return { readers: entries.size, followers }
    },
    sweep,
    close: async () => {
      closed = true
      clearInterval(sweeping)
      for (const { linger } of entries) clearTimeout(linger)
      const started = await Promise.allSettled([...entries].map(({ starting }) => starting))
      await Promise.all(
        started.flatMap((result) => (result.status === 'fulfilled' ? [result.value.stop()] : [])),
      )
      entries.clear()
      current.clear()
    },
  }
}
