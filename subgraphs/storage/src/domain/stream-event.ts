import type { LogEvent, StreamCursors } from '@heirloom/streams'
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
  /** `data` as JSON text. */
  readonly dataJson: string
  /** What `write` makes of it, made once for everybody who asks with the same function. */
  textBy(write: (event: PlacedEvent) => string): string
}

/** What all who follow a stream share of an event is made once, when the first one asks for it. */
export function placed(event: StreamEvent, cursors: StreamCursors): PlacedEvent {
  let cursor: string | undefined
  let dataJson: string | undefined
  let text: { readonly by: unknown; readonly text: string } | undefined
  const made: PlacedEvent = {
    ...event,
    get cursor() {
      return (cursor ??= cursors.encode(event.position))
    },
    get dataJson() {
      return (dataJson ??= JSON.stringify(event.data))
    },
    textBy: (write) => {
      if (text?.by !== write) text = { by: write, text: write(made) }
      return text.text
    },
  }
  return made
}

export type StreamEventPage = Page<PlacedEvent>

/** A field of the event's data, if it is a text. */
export function textField(event: { readonly data: unknown }, name: string): string | null {
  const { data } = event
  if (typeof data !== 'object' || data === null || !Object.hasOwn(data, name)) return null
  const value = (data as Readonly<Record<string, unknown>>)[name]
  return typeof value === 'string' && value !== '' ? value : null
}
