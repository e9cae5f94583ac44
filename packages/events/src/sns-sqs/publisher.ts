import { PublishBatchCommand, type SNSClient } from '@aws-sdk/client-sns'
import { AppError } from '@heirloom/errors'
import type { PublishFailure, PublishOutcome } from '../bus.js'
import type { DomainEvent } from '../envelope.js'
import { maxBatchBytes, maxBatchEntries, toMessage, type Message } from './message.js'

const maxRequestsInFlight = 4

/**
 * Publishes events in requests of up to 10 entries and 256 KiB, several at a time.
 *
 * Invariant: of one resource at most one event is under way. SNS may refuse single entries of a
 * request, so an earlier event could fail while a later one of the same resource, in the same
 * request, goes through and overtakes it. Hence each request takes the heads of different
 * resources' queues; a resource whose head failed is dropped for this call, with all behind it.
 */
export async function publishInOrder(
  client: SNSClient,
  topicArn: string,
  events: readonly DomainEvent[],
  signal: AbortSignal | undefined,
): Promise<PublishOutcome> {
  const published = new Set<string>()
  const failures: PublishFailure[] = []
  const ready = queuesOf(events)

  async function work(): Promise<void> {
    for (;;) {
      const queues = takeRequest(ready)
      if (queues.length === 0) return
      const heads = queues.flatMap((queue) => queue.slice(0, 1))
      const refused = await send(client, topicArn, heads, signal)
      for (const queue of queues) {
        const message = queue.shift()
        if (message === undefined) continue
        const error = refused.get(message.event.id)
        if (error !== undefined) failures.push({ event: message.event, error })
        else published.add(message.event.id)
        if (error === undefined && queue.length > 0) ready.push(queue)
      }
    }
  }

  await Promise.all(Array.from({ length: maxRequestsInFlight }, work))
  return { published, failures }
}

/** One queue per resource, each in the order given. */
function queuesOf(events: readonly DomainEvent[]): Message[][] {
  const queues = new Map<string, Message[]>()
  for (const message of events.map(toMessage)) {
    const queue = queues.get(message.group)
    if (queue === undefined) queues.set(message.group, [message])
    else queue.push(message)
  }
  return [...queues.values()]
}

/** Takes queues whose heads fit into one request; one head that is too big alone goes alone. */
function takeRequest(ready: Message[][]): Message[][] {
  const taken: Message[][] = []
  let bytes = 0
  while (taken.length < maxBatchEntries) {
    const next = ready[0]
    const size = next?.[0]?.bytes ?? 0
    if (next === undefined || (taken.length > 0 && bytes + size > maxBatchBytes)) break
    ready.shift()
    taken.push(next)
    bytes += size
  }
  return taken
}

/** Resolves to the errors by event id; empty when the bus took everything. */
async function send(
  client: SNSClient,
  topicArn: string,
  messages: readonly Message[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, AppError>> {
  try {
    const answer = await client.send(
      new PublishBatchCommand({
        TopicArn: topicArn,
        PublishBatchRequestEntries: messages.map(({ entry }) => entry),
      }),
      signal === undefined ? {} : { abortSignal: signal },
    )
    const confirmed = new Set((answer.Successful ?? []).map(({ Id }) => Id))
    const refused = new Map((answer.Failed ?? []).map((failure) => [failure.Id, failure]))
    return new Map(
      messages
        .filter(({ event }) => !confirmed.has(event.id))
        .map(({ event }) => [event.id, refusal(refused.get(event.id))]),
    )
  } catch (cause) {
    const error = new AppError('BACKEND_UNAVAILABLE', 'the event bus cannot be reached', { cause })
    return new Map(messages.map(({ event }) => [event.id, error]))
  }
}

function refusal(
  failure:
    | { Code?: string | undefined; Message?: string | undefined; SenderFault?: boolean | undefined }
    | undefined,
): AppError {
  return new AppError(
    failure?.SenderFault === true ? 'INVALID_INPUT' : 'BACKEND_UNAVAILABLE',
    `the event bus refused the event: ${failure?.Message ?? failure?.Code ?? 'it was not confirmed'}`,
  )
}
