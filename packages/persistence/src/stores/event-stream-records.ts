import { AppError } from '@heirloom/errors'
import type { JsonObject, JsonValue, TableRecord } from '../ports/record-table.js'
import type { StoredEvent, StreamPosition } from './event-stream-types.js'

export interface StreamHead {
  /** Of the newest event; 0 when there is none. */
  readonly position: StreamPosition
  /** Events up to this position were removed by retention; 0 when none were. */
  readonly startsAfter: StreamPosition
}

/** What the head record holds besides: how many events were ever appended, as far as counted. */
export interface CountedHead extends StreamHead {
  readonly count: number
}

/**
 * `prev` is the position of the event before it, 0 for the first one of the stream; `count` says the
 * how many-th event it is.
 */
export function writeEvent(event: StoredEvent, prev: StreamPosition, count: number): JsonObject {
  return {
    event_id: event.id,
    ts: event.position,
    prev,
    n: count,
    type: event.type,
    occurred_at: event.occurredAt.toISOString(),
    actor_id: event.actorId,
    data: event.data,
  }
}

export function readEvent({ value }: TableRecord): StoredEvent {
  const actorId = value['actor_id']
  return {
    id: text(value['event_id']),
    position: number(value['ts']),
    type: text(value['type']),
    occurredAt: new Date(text(value['occurred_at'])),
    actorId: typeof actorId === 'string' ? actorId : null,
    data: value['data'] ?? null,
  }
}

/**
 * The events of the records as far as nothing is missing between them: each names the one before
 * it, and the first one a position that is not after `from`.
 */
export function readChain(
  records: readonly TableRecord[],
  from: StreamPosition,
): readonly StoredEvent[] {
  const events: StoredEvent[] = []
  for (const record of records) {
    const before = events.at(-1)?.position
    const prev = number(record.value['prev'])
    if (before === undefined ? prev > from : prev !== before) break
    events.push(readEvent(record))
  }
  return events
}

export function readHead(record: TableRecord | null): CountedHead {
  if (record === null) return { position: 0, startsAfter: 0, count: 0 }
  const { ts, starts_after: startsAfter, n } = record.value
  return {
    position: number(ts),
    startsAfter: number(startsAfter),
    count: typeof n === 'number' ? n : 0,
  }
}

export function writeHead({ position, startsAfter, count }: CountedHead): JsonObject {
  return { ts: position, starts_after: startsAfter, n: count }
}

/** The how many-th event it is; undefined for one from before events were counted. */
export function readCount({ value }: TableRecord): number | undefined {
  return typeof value['n'] === 'number' ? value['n'] : undefined
}

export function readMarker({ value }: TableRecord): StreamPosition {
  return number(value['ts'])
}

function text(value: JsonValue | undefined): string {
  if (typeof value === 'string') return value
  throw new AppError('INTERNAL', 'a record of an event stream is damaged')
}

function number(value: JsonValue | undefined): number {
  if (typeof value === 'number') return value
  throw new AppError('INTERNAL', 'a record of an event stream is damaged')
}
