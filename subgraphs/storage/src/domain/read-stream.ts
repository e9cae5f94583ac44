import {
  followedEvents,
  refuseExpired,
  resumeFrom,
  type EventLog,
  type FollowedEvents,
  type Position,
  type StreamCursors,
} from '@heirloom/streams'
import { authorizeRead, type Sees } from './stream-access.js'
import type { Scope } from './scope.js'
import { placed, type PlacedEvent, type StreamEvent, type StreamEventPage } from './stream-event.js'

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

/** Besides its data, as a subscriber gets it. */
const eventOverheadBytes = 300
/** Lives end one after the other, not all that began together. */
const lifeSpread = 0.2

/**
 * Every event that the caller sees after the cursor, and then every one that is appended: once,
 * in order. Without a cursor it starts now, and `onStart` is told the cursor of that moment. Throws
 * at once what `readStream` throws; later failures end the iteration with the cursor of the last
 * event that was looked at. What the caller may read is decided here, and is good for
 * `scope.subscriptionLifeMs` at most: then it ends with TOKEN_EXPIRED, and whoever resumes is
 * authorised anew.
 */
export async function followStream(
  scope: Scope,
  streamId: string,
  after: string | null,
  onStart: (cursor: string) => void,
): Promise<FollowedEvents<PlacedEvent>> {
  const sees = await authorizeRead(scope, streamId)
  const { tenantId } = scope.tenant
  const cursors = scope.cursors.for(tenantId, streamId)
  const lifeMs = scope.subscriptionLifeMs * (1 - lifeSpread * Math.random())
  const { from, following } = await scope.readers.follow(
    { tenantId, streamId },
    { log: placedLog(scope.streams.log(streamId), cursors), cursors, sizeOf },
    { after, expiresAtMs: scope.now() + lifeMs },
  )
  if (after === null) onStart(cursors.encode(from))
  return followedEvents(following, (event) => (sees(event) ? event : undefined))
}

function placedLog(log: EventLog<StreamEvent>, cursors: StreamCursors): EventLog<PlacedEvent> {
  return {
    ...log,
    readAfter: async (position, limit) => {
      const { events, startsAfter } = await log.readAfter(position, limit)
      return { events: events.map((event) => placed(event, cursors)), startsAfter }
    },
  }
}

function sizeOf(event: PlacedEvent): number {
  return event.dataJson.length + eventOverheadBytes
}

/** The cursor after which comes what is appended from now on. @throws what `readStream` throws */
export async function streamEnd(scope: Scope, streamId: string): Promise<string> {
  await authorizeRead(scope, streamId)
  const { position } = await scope.streams.log(streamId).head()
  return scope.cursors.for(scope.tenant.tenantId, streamId).encode(position)
}
