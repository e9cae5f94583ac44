import {
  refuseExpired,
  resumeFrom,
  tail,
  type Position,
  type StreamCursors,
} from '@heirloom/streams'
import { authorizeRead, type Sees } from './stream-access.js'
import type { Scope } from './scope.js'
import type { PlacedEvent, StreamEvent, StreamEventPage } from './stream-event.js'

export interface PageOf {
  readonly first: number
  /** Null: from the start of the stream. */
  readonly after: string | null
}

const batchSize = 500
/** A page that would need more than this many events looked at ends early, with a next page. */
const maxScanned = 5_000

/**
 * A page of the events that the caller sees, oldest first, strictly after the cursor.
 * @throws AppError FORBIDDEN, NOT_FOUND, CURSOR_INVALID, CURSOR_AHEAD, CURSOR_EXPIRED, and what
 *   the caller's route gives
 */
export async function readStream(
  scope: Scope,
  streamId: string,
  page: PageOf,
): Promise<StreamEventPage> {
  const sees = await authorizeRead(scope, streamId)
  const cursors = scope.cursors.for(scope.tenant.tenantId, streamId)
  const log = scope.streams.log(streamId)
  const start =
    page.after === null
      ? (await log.head()).startsAfter
      : await resumeFrom(log, cursors, page.after)
  const scan = await scanFrom(scope, streamId, start, page.first, sees, cursors)
  const nodes = scan.seen.slice(0, page.first).map((event) => placed(event, cursors))
  const more = scan.seen.length > page.first
  const last = nodes.at(-1)
  // What the caller does not see lies behind the last event too: the next page starts after it.
  const end = more ? (last?.position ?? start) : scan.position
  return {
    nodes,
    edges: nodes.map((node) => ({ cursor: node.cursor, node })),
    pageInfo: {
      endCursor: end === start ? null : cursors.encode(end),
      hasNextPage: more || !scan.ended,
    },
  }
}

/** Reads until one event more than wanted was seen, the stream ended, or enough was looked at. */
async function scanFrom(
  scope: Scope,
  streamId: string,
  start: Position,
  first: number,
  sees: Sees,
  cursors: StreamCursors,
): Promise<{ seen: readonly StreamEvent[]; position: Position; ended: boolean }> {
  const log = scope.streams.log(streamId)
  const seen: StreamEvent[] = []
  let position = start
  for (let scanned = 0; seen.length <= first;) {
    if (scanned >= maxScanned) return { seen, position, ended: false }
    const limit = Math.min(batchSize, first + 1)
    const { events, startsAfter } = await log.readAfter(position, limit)
    refuseExpired(position, startsAfter, cursors)
    seen.push(...events.filter(sees))
    position = events.at(-1)?.position ?? position
    scanned += events.length
    if (events.length < limit) return { seen, position, ended: true }
  }
  return { seen, position, ended: false }
}

/**
 * Every event that the caller sees after the cursor, and then every one that is appended: once,
 * in order. Without a cursor it starts now, and `onStart` is told the cursor of that moment. Throws
 * at once what `readStream` throws; later failures end the iteration, and the last cursor handed
 * out is good to go on with.
 */
export async function followStream(
  scope: Scope,
  streamId: string,
  after: string | null,
  onStart: (cursor: string) => void,
): Promise<AsyncIterableIterator<PlacedEvent>> {
  const sees = await authorizeRead(scope, streamId)
  const cursors = scope.cursors.for(scope.tenant.tenantId, streamId)
  const log = scope.streams.log(streamId)
  const from = await resumeFrom(log, cursors, after)
  if (after === null) onStart(cursors.encode(from))
  const events = tail(log, {
    from,
    pollIntervalMs: scope.pollIntervalMs,
    checkPage: (position, page) => refuseExpired(position, page.startsAfter, cursors),
  })
  return visible(events, sees, cursors)
}

/** Not a generator: `return` must reach the tail while it waits. */
function visible(
  events: AsyncIterableIterator<StreamEvent>,
  sees: Sees,
  cursors: StreamCursors,
): AsyncIterableIterator<PlacedEvent> {
  return {
    next: async () => {
      for (;;) {
        const result = await events.next()
        if (result.done === true) return { done: true, value: undefined }
        if (sees(result.value)) return { done: false, value: placed(result.value, cursors) }
      }
    },
    return: async () => {
      await events.return?.()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

/** The cursor after which comes what is appended from now on. @throws what `readStream` throws */
export async function streamEnd(scope: Scope, streamId: string): Promise<string> {
  await authorizeRead(scope, streamId)
  const { position } = await scope.streams.log(streamId).head()
  return scope.cursors.for(scope.tenant.tenantId, streamId).encode(position)
}

export function placed(event: StreamEvent, cursors: StreamCursors): PlacedEvent {
  return { ...event, cursor: cursors.encode(event.position) }
}
