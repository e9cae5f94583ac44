import type { LogEvent } from '@heirloom/streams'
import type { Page } from './route.js'

export interface NewStreamEvent {
  /** Unique in the stream. */
  readonly id: string
  readonly type: string
  readonly occurredAt: Date
  /** kind:id; null when nobody in particular acted. */
  readonly actorId: string | null
  /** Any JSON value. */
  readonly data: unknown
}

export interface StreamEvent extends NewStreamEvent, LogEvent {
  readonly appendedAt: Date
}

/** An event with the cursor that a reader goes on from. */
export interface PlacedEvent extends StreamEvent {
  readonly cursor: string
}

export type StreamEventPage = Page<PlacedEvent>

/** A field of the event's data, if it is a text. */
export function textField(event: { readonly data: unknown }, name: string): string | null {
  const { data } = event
  if (typeof data !== 'object' || data === null || !Object.hasOwn(data, name)) return null
  const value = (data as Readonly<Record<string, unknown>>)[name]
  return typeof value === 'string' && value !== '' ? value : null
}
