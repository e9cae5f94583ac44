import type { LogEvent, Position, StreamCursors } from '@heirloom/streams'
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

export function placed(event: StreamEvent, cursors: StreamCursors): PlacedEvent {
  return new Placed(event, cursors)
}

/**
 * What all who follow a stream share of an event is made once, when the first one asks for it. A
 * class, because a catch-up makes hundreds of thousands of them.
 */
class Placed implements PlacedEvent {
  readonly id: string
  readonly position: Position
  readonly type: string
  readonly occurredAt: Date
  readonly appendedAt: Date
  readonly actorId: string | null
  readonly data: unknown
  readonly #cursors: StreamCursors
  #cursor: string | undefined
  #dataJson: string | undefined
  #textBy: unknown
  #text = ''

  constructor(event: StreamEvent, cursors: StreamCursors) {
    this.id = event.id
    this.position = event.position
    this.type = event.type
    this.occurredAt = event.occurredAt
    this.appendedAt = event.appendedAt
    this.actorId = event.actorId
    this.data = event.data
    this.#cursors = cursors
  }

  get cursor(): string {
    return (this.#cursor ??= this.#cursors.encode(this.position))
  }

  get dataJson(): string {
    return (this.#dataJson ??= JSON.stringify(this.data))
  }

  textBy(write: (event: PlacedEvent) => string): string {
    if (this.#textBy !== write) {
      this.#text = write(this)
      this.#textBy = write
    }
    return this.#text
  }
}

export type StreamEventPage = Page<PlacedEvent>

/** A field of the event's data, if it is a text. */
export function textField(event: { readonly data: unknown }, name: string): string | null {
  const { data } = event
  if (typeof data !== 'object' || data === null || !Object.hasOwn(data, name)) return null
  const value = (data as Readonly<Record<string, unknown>>)[name]
  return typeof value === 'string' && value !== '' ? value : null
}
