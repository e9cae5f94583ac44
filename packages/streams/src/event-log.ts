/** Where something stands in a log: strictly increasing; 0 lies before the first event. */
export type Position = number

export interface LogEvent {
  readonly position: Position
}

export interface LogPage<Event extends LogEvent> {
  /** In order, strictly after the position asked for; fewer than the limit only at the end. */
  readonly events: readonly Event[]
  /** Events up to this position are gone. What was gone when the events were read shows here. */
  readonly startsAfter: Position
}

/**
 * One append-only log of one tenant, as a reader needs it. A position that was handed out, by an
 * event or by `head`, is never written before.
 */
export interface EventLog<Event extends LogEvent> {
  /** @throws AppError BACKEND_UNAVAILABLE */
  readAfter(position: Position, limit: number): Promise<LogPage<Event>>
  /** Position of the newest event (0 without one), and of the start. */
  head(): Promise<{ readonly position: Position; readonly startsAfter: Position }>
  /**
   * Calls `wake` when there may be something new, and returns the unsubscriber. A hint: it may
   * come late, twice, for nothing, or not at all.
   */
  onAppend(wake: () => void): () => void
  /** Whether wake-ups are the rule and not the exception: a quiet log is then polled less often. */
  readonly notifies?: () => boolean
}
