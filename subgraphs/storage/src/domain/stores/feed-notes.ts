/** Notes that a canvas may have commands which its stream lacks. */
export interface FeedNotes {
  /** Durable when resolved. @throws AppError BACKEND_UNAVAILABLE, TIMEOUT */
  note(canvasId: string): Promise<FeedNote>
  /** Of a note that is not forgotten nothing comes but a look at the canvas. */
  forget(note: FeedNote): Promise<void>
}

export interface FeedNote {
  readonly id: string
}
