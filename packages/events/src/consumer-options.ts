import type { Logger } from '@heirloom/telemetry'
import type { EventBus } from './bus.js'
import type { DomainEvent } from './envelope.js'

export interface ConsumerOptions {
  /** The handler's name: in logs, and the key of its inbox rows. */
  readonly name: string
  readonly bus: Pick<EventBus, 'receive' | 'acknowledge' | 'postpone' | 'describe'>
  readonly queueUrl: string
  /**
   * Must be idempotent (see `once`): an event can come twice. Rejecting with a retryable AppError
   * (a database that is away) makes the consumer wait and try again with the event still in hand;
   * rejecting with anything else gives the event back to the queue, later to the dead letters.
   * The signal aborts when the handler has taken too long, or too long to stop.
   */
  readonly handle: (event: DomainEvent, options: { readonly signal: AbortSignal }) => Promise<void>
  /** Event types that `handle` understands; others are acknowledged unseen. Default: all. */
  readonly types?: readonly string[]
  /** Polls at the same time, each handling up to ten messages of different resources at once. */
  readonly concurrency?: number
  readonly logger: Logger
}
