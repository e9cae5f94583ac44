import { AppError } from '@heirloom/errors'
import type { JsonObject, JsonValue, TableRecord } from '../ports/record-table.js'
import type { StoredEvent, StreamPosition } from './event-stream-types.js'

export interface StreamHead {
  /** Of the newest event; 0 when there is none. */
  readonly position: StreamPosition
  /** Events up to this position were removed by retention; 0 when none were. */
  readonly startsAfter: StreamPosition
}

export function writeEvent(event: StoredEvent): JsonObject {
  return {
    event_id: event.id,
    ts: event.position,
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

export function readHead(record: TableRecord | null): StreamHead {
  if (record === null) return { position: 0, startsAfter: 0 }
  return { position: number(record.value['ts']), startsAfter: number(record.value['starts_after']) }
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
