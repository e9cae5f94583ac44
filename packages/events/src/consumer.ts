import { backoffMs, pause } from './backoff.js'
import type { Delivery, QueueFacts } from './bus.js'
import { createGroupHandler } from './consumer-group.js'
import type { ConsumerOptions } from './consumer-options.js'
import type { Service } from './service.js'

const defaultConcurrency = 2
const maxMessages = 10
const waitSeconds = 20
const stopGraceMs = 8_000
const pollBackoff = { firstMs: 200, maxMs: 10_000 }

/**
 * Handles the events of one queue, each at least once, those of a resource in order.
 *
 * Each poller receives up to ten messages, handles resources side by side and the events of a
 * resource one after the other, and acknowledges what succeeded. While it has messages in hand it
 * keeps renewing their invisibility, so that a slow handler is not overtaken by a redelivery.
 * Not guaranteed: order across a dead-lettered event of the same resource, which is only seen
 * again after a redrive; handlers compare revisions where that matters.
 */
export function createConsumer(options: ConsumerOptions): Service {
  const { bus, queueUrl, logger } = options
  const stopping = new AbortController()
  const cutOff = new AbortController()
  const handleGroup = createGroupHandler(options, stopping.signal, cutOff.signal)
  let running: Promise<unknown> = Promise.resolve()

  async function poll(): Promise<void> {
    let facts: QueueFacts | undefined
    let attempts = 0
    while (!stopping.signal.aborted) {
      try {
        facts ??= await bus.describe(queueUrl)
        const deliveries = await bus.receive(queueUrl, {
          max: maxMessages,
          waitSeconds,
          signal: stopping.signal,
        })
        await handleAll(deliveries, facts)
        attempts = 0
      } catch (error) {
        attempts += 1
        if (attempts === 1) logger.warn({ err: error }, 'cannot receive; trying again')
        await pause(backoffMs(attempts, pollBackoff), stopping.signal)
      }
    }
  }

  async function handleAll(deliveries: readonly Delivery[], facts: QueueFacts): Promise<void> {
    if (deliveries.length === 0) return
    const inHand = new Set(deliveries)
    const renewal = setInterval(
      () => void renew(inHand, facts.visibilitySeconds),
      (facts.visibilitySeconds * 1000) / 2,
    )
    try {
      const results = await Promise.allSettled(
        byGroup(deliveries).map((group) =>
          handleGroup(group, facts, (done) => inHand.delete(done)),
        ),
      )
      const failed = results.find((result) => result.status === 'rejected')
      if (failed !== undefined) throw failed.reason
    } finally {
      clearInterval(renewal)
    }
  }

  async function renew(inHand: ReadonlySet<Delivery>, seconds: number): Promise<void> {
    await bus.postpone(queueUrl, [...inHand], seconds).catch((error: unknown) => {
      logger.warn({ err: error }, 'cannot keep messages in hand; they may come twice')
    })
  }

  return {
    name: options.name,
    start: async () => {
      running = Promise.all(
        Array.from({ length: options.concurrency ?? defaultConcurrency }, () => poll()),
      )
    },
    stop: async () => {
      stopping.abort()
      const timer = setTimeout(() => cutOff.abort(), stopGraceMs)
      await running
      clearTimeout(timer)
    },
  }
}

function byGroup(deliveries: readonly Delivery[]): readonly (readonly Delivery[])[] {
  const groups = new Map<string, Delivery[]>()
  for (const delivery of deliveries) {
    const group = groups.get(delivery.group)
    if (group === undefined) groups.set(delivery.group, [delivery])
    else group.push(delivery)
  }
  return [...groups.values()]
}
