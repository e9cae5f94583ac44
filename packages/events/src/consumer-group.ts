import { AppError } from '@heirloom/errors'
import { backoffMs, pause } from './backoff.js'
import type { Delivery, QueueFacts } from './bus.js'
import type { ConsumerOptions } from './consumer-options.js'
import type { DomainEvent } from './envelope.js'
import { validateEvent } from './schemas.js'

const handleTimeoutMs = 60_000
const redeliveryBackoff = { firstMs: 1_000, maxMs: 300_000 }
const outageBackoff = { firstMs: 200, maxMs: 10_000 }
const maxOutageMs = 15 * 60_000

/**
 * done: acknowledge. poison: can never be handled. failed: give back, try again later.
 * stopped: give back at once, untried.
 */
type Outcome = 'done' | 'poison' | 'failed' | 'stopped'

type HandleGroup = (
  deliveries: readonly Delivery[],
  facts: QueueFacts,
  /** Told of each message that is no longer in hand. */
  onLeave: (delivery: Delivery) => void,
) => Promise<void>

/**
 * Handles messages of one resource one after the other. A failure gives the message and all
 * behind it back, so that order holds. A message that has had its last try, and one that no try
 * can help, are stepped over instead: they go to the dead letters, and those behind them, whose
 * receive counts grew with theirs, must not go with them untried.
 */
export function createGroupHandler(
  options: ConsumerOptions,
  stopping: AbortSignal,
  cutOff: AbortSignal,
): HandleGroup {
  const { bus, queueUrl, logger } = options

  return async (deliveries, facts, onLeave) => {
    const steppedOver: Delivery[] = []
    const giveBack = async (messages: readonly Delivery[], seconds: number): Promise<void> => {
      messages.forEach(onLeave)
      await bus.postpone(queueUrl, messages, seconds)
    }
    for (const [index, delivery] of deliveries.entries()) {
      const outcome = stopping.aborted ? 'stopped' : await handleOne(delivery)
      const lastTry = facts.maxReceives !== null && delivery.receiveCount >= facts.maxReceives
      if (outcome === 'done') {
        onLeave(delivery)
        await bus.acknowledge(queueUrl, [delivery])
      } else if (outcome === 'poison' || (outcome === 'failed' && lastTry)) {
        steppedOver.push(delivery)
      } else {
        const seconds =
          outcome === 'stopped'
            ? 0
            : Math.ceil(backoffMs(delivery.receiveCount, redeliveryBackoff) / 1000)
        await giveBack(deliveries.slice(index), seconds)
        break
      }
    }
    // Without a dead-letter queue they would come back for ever: then as seldom as can be.
    await giveBack(steppedOver, facts.maxReceives === null ? redeliveryBackoff.maxMs / 1000 : 0)
  }

  async function handleOne(delivery: Delivery): Promise<Outcome> {
    let event: DomainEvent
    try {
      const content: unknown = JSON.parse(delivery.body)
      if (isOfOtherType(content)) return 'done'
      validateEvent(content)
      event = content
    } catch (error) {
      if (delivery.receiveCount === 1) {
        logger.error({ err: error, message_id: delivery.messageId }, 'message cannot be understood')
      }
      return 'poison'
    }
    return handleEvent(event, delivery.receiveCount)
  }

  function isOfOtherType(content: unknown): boolean {
    return (
      options.types !== undefined &&
      typeof content === 'object' &&
      content !== null &&
      'type' in content &&
      typeof content.type === 'string' &&
      !options.types.includes(content.type)
    )
  }

  async function handleEvent(event: DomainEvent, receiveCount: number): Promise<Outcome> {
    const log = logger.child({
      event_id: event.id,
      type: event.type,
      tenant_id: event.tenant_id,
      request_id: event.correlation_id,
      traceparent: event.traceparent,
    })
    const giveUpAt = Date.now() + maxOutageMs
    for (let attempt = 1; ; attempt += 1) {
      try {
        const signal = AbortSignal.any([cutOff, AbortSignal.timeout(handleTimeoutMs)])
        await options.handle(event, { signal })
        return 'done'
      } catch (error) {
        // An outage is nobody's fault: it must not use up the event's receives.
        if (!(error instanceof AppError && error.retryable) || Date.now() > giveUpAt) {
          log.error({ err: error, receive_count: receiveCount }, 'event not handled')
          return 'failed'
        }
        if (attempt === 1) log.warn({ err: error }, 'event must wait; trying again')
        await pause(backoffMs(attempt, outageBackoff), stopping)
        if (stopping.aborted) return 'stopped'
      }
    }
  }
}
