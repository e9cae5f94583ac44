import type { JsonValue } from '../ports/record-table.js'

/** Microseconds since 1970, strictly increasing within a stream; 0 lies before every event. */
export type StreamPosition = number

export interface NewStreamEvent {
  /** Unique in the stream. */
  readonly id: string
  readonly type: string
  readonly occurredAt: Date
  readonly actorId: string | null
  readonly data: JsonValue
}

export interface StoredEvent extends NewStreamEvent {
  readonly position: StreamPosition
}

export interface StreamPage {
  readonly events: readonly StoredEvent[]
  readonly startsAfter: StreamPosition
}

export function appendedAt(event: StoredEvent): Date {
  return new Date(Math.floor(event.position / 1_000))
}
