import type { AppError } from '@heirloom/errors'
import type { DomainEvent } from './envelope.js'

/**
 * What the relay and the consumers need of a message bus: one ordered log per resource, fanned
 * out to one queue per consumer, delivered at least once.
 */
export interface EventBus {
  /**
   * Announces events. Events of one resource are announced in the given order: when one fails,
   * the later ones of its resource are held back; other resources are not affected. Never throws
   * for what the bus refuses or for a bus that is away: that is in the outcome. An event whose
   * announcement is reported as failed may have arrived nevertheless.
   */
  publish(events: readonly DomainEvent[], options: WaitOptions): Promise<PublishOutcome>
  /**
   * Waits up to `waitSeconds` for messages; while one of a group is in hand, no other receive
   * returns a later one of that group. Ends early when the signal aborts: to nothing, or to messages
   * that were on their way, which the caller gives back.
   * @throws AppError BACKEND_UNAVAILABLE
   */
  receive(queueUrl: string, options: ReceiveOptions): Promise<readonly Delivery[]>
  /** Removes messages from the queue. @throws AppError BACKEND_UNAVAILABLE */
  acknowledge(queueUrl: string, deliveries: readonly Delivery[]): Promise<void>
  /**
   * Hides messages for `seconds` from now; 0 gives them back at once. A message that is no longer
   * in hand is left alone. @throws AppError BACKEND_UNAVAILABLE
   */
  postpone(queueUrl: string, deliveries: readonly Delivery[], seconds: number): Promise<void>
  /** @throws AppError BACKEND_UNAVAILABLE, NOT_FOUND for a queue that is not there */
  describe(queueUrl: string): Promise<QueueFacts>
  /** Aborts what is under way and gives the sockets back. */
  close(): void
}

export interface WaitOptions {
  readonly signal?: AbortSignal
}

export interface ReceiveOptions extends WaitOptions {
  /** 1 to 10. */
  readonly max: number
  /** 0 to 20. */
  readonly waitSeconds: number
}

export interface PublishOutcome {
  /** Ids of the events that the bus confirmed. */
  readonly published: ReadonlySet<string>
  /** Events that the bus did not take; the ones held back behind them are in neither list. */
  readonly failures: readonly PublishFailure[]
}

export interface PublishFailure {
  readonly event: DomainEvent
  readonly error: AppError
}

/** A message in hand: invisible to others until it is acknowledged, postponed or forgotten. */
export interface Delivery {
  readonly messageId: string
  /** Returned to the bus to acknowledge or postpone. */
  readonly receipt: string
  readonly group: string
  readonly body: string
  /** 1 the first time. */
  readonly receiveCount: number
}

export interface QueueFacts {
  /** After so many receives a message goes to the dead-letter queue; null without one. */
  readonly maxReceives: number | null
  readonly visibilitySeconds: number
}
