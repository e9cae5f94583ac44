import type { AppError } from '@heirloom/errors'
import type { SharedResult } from './fill-events.js'

/** Who waits for room in an outlet. */
export interface Waiting {
  /** There is room again. */
  resume(): void
}

/**
 * Where the results of one subscription go: a place on a socket, or a stream of events. It holds
 * what it was given until the other side has taken it; so nothing more is given while there is
 * no room.
 */
export interface Outlet {
  readonly hasRoom: boolean
  /** Calls `resume` once there is room, and once only. */
  whenRoom(waiting: Waiting): void
  give(result: SharedResult): void
  /** Nothing follows: without a reason the subscription is complete. */
  end(reason?: AppError): void
  /** What is given during `work` may be sent at once. */
  together(work: () => void): void
}

export interface Subscription {
  /** Nobody listens any more. Nothing reaches the outlet afterwards. */
  stop(): void
}
