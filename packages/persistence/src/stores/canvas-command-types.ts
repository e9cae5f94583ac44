import type { JsonObject } from '../ports/record-table.js'
import type { Page, PageRequest } from './record-page.js'

export interface NewCanvasCommand {
  /** The writer's own: repeated with the same key, a command is stored once. */
  readonly idempotencyKey: string
  readonly type: string
  readonly payload: JsonObject
  /** kind:id of who drew. */
  readonly actorId: string
}

export interface CanvasCommand extends NewCanvasCommand {
  readonly canvasId: string
  /** 1, 2, 3… without a gap. */
  readonly revision: number
  readonly appendedAt: Date
}

export interface CanvasCommandStore {
  /**
   * Appends a command to the canvas as the writer saw it, 0 for an empty one. Head, command and
   * idempotency key commit together, or none of them does; of several writers at the same revision
   * exactly one succeeds. Safe to repeat: a key that was used for the same command before returns
   * that command, whatever the revision is now.
   * Not in the same transaction: the timeline, see `feed`.
   * @throws AppError STALE_REVISION with `details.expected` and `details.current`,
   *   IDEMPOTENCY_KEY_REUSED for the key of another command, INVALID_INPUT, PAYLOAD_TOO_LARGE,
   *   BACKEND_UNAVAILABLE (it may have been appended: repeat it)
   */
  append(
    canvasId: string,
    command: NewCanvasCommand,
    expectedRevision: number,
  ): Promise<CanvasCommand>

  /** The newest revision, 0 for an empty canvas. Sees every append that was acknowledged before. */
  head(canvasId: string): Promise<number>

  /**
   * Up to `limit` commands after a revision, in order and without a gap; fewer, but not none, where
   * the backend answers in pieces. Replaying from 0 until nothing is left gives the canvas.
   */
  replay(canvasId: string, afterRevision: number, limit: number): Promise<readonly CanvasCommand[]>

  /** The command that was appended with this key, or null. */
  byIdempotencyKey(canvasId: string, idempotencyKey: string): Promise<CanvasCommand | null>

  /** The canvases of the project that were ever written to, by id. */
  canvases(page: PageRequest): Promise<Page<string>>

  /**
   * Hands every command that was not handed over yet to the timeline, in order, and notes how far
   * it came. Interrupted between the two it hands the same commands over again: `append` must be
   * idempotent by command, as an event stream is by event id. So the timeline has every command
   * once and in order, some time after the canvas has it; after a crash as soon as somebody feeds
   * this canvas again, so feed every one of `canvases` at times. Resolves to how many were noted.
   */
  feed(canvasId: string, append: AppendToTimeline): Promise<number>

  /** Hint that something was appended, by any process; may be late, doubled or lost. */
  onAppend(canvasId: string, wake: () => void): () => void
}

/** In order; those that the timeline has already it leaves out by itself. */
export type AppendToTimeline = (commands: readonly CanvasCommand[]) => Promise<void>
