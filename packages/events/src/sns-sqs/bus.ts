import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  QueueDoesNotExist,
  ReceiveMessageCommand,
  type Message,
  type SQSClient,
} from '@aws-sdk/client-sqs'
import { AppError } from '@heirloom/errors'
import type { Delivery, EventBus, QueueFacts, ReceiveOptions } from '../bus.js'
import { createSnsClient, createSqsClient, type AwsOptions } from './clients.js'
import { publishInOrder } from './publisher.js'

export interface SnsSqsBusOptions extends AwsOptions {
  /** Needed to publish; a process that only consumes leaves it out. */
  readonly topicArn?: string | undefined
}

// An emulator does not notice that a long poll was given up, and hands the next messages to it,
// where they stay hidden for a visibility timeout. So its polls are short, and not given up.
const emulatorWaitSeconds = 1

/**
 * The bus on an SNS FIFO topic and SQS FIFO queues. A resource is a message group; the event's id
 * is the deduplication id, so that a repeat within five minutes goes no further than SNS. Queues
 * subscribe with raw delivery and a redrive policy; visibility timeouts are what "in hand" means.
 */
export function createSnsSqsBus(options: SnsSqsBusOptions): EventBus {
  const sns = createSnsClient(options)
  const sqs = createSqsClient(options)
  const closing = new AbortController()

  return {
    publish: (events, { signal }) => {
      if (options.topicArn === undefined) {
        throw new AppError('INVALID_INPUT', 'this bus was created without a topic to publish to')
      }
      return publishInOrder(sns, options.topicArn, events, joined(closing.signal, signal))
    },
    receive: (queueUrl, { max, waitSeconds, signal }) =>
      options.endpoint === undefined
        ? receive(sqs, queueUrl, { max, waitSeconds }, joined(closing.signal, signal))
        : receive(
            sqs,
            queueUrl,
            { max, waitSeconds: Math.min(waitSeconds, emulatorWaitSeconds) },
            closing.signal,
          ),
    acknowledge: (queueUrl, deliveries) =>
      inBatches(deliveries, async (batch) => {
        const { Failed } = await sqs.send(
          new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries(batch) }),
        )
        // An expired receipt cannot be used again: the message comes back, and the inbox absorbs it.
        if (Failed?.some(({ SenderFault }) => SenderFault !== true)) throw new Error('not deleted')
      }),
    postpone: (queueUrl, deliveries, seconds) =>
      inBatches(deliveries, async (batch) => {
        await sqs.send(
          new ChangeMessageVisibilityBatchCommand({
            QueueUrl: queueUrl,
            Entries: entries(batch).map((entry) => ({ ...entry, VisibilityTimeout: seconds })),
          }),
        )
      }),
    describe: (queueUrl) => describe(sqs, queueUrl),
    close: () => {
      closing.abort()
      sns.destroy()
      sqs.destroy()
    },
  }
}

function joined(closing: AbortSignal, signal: AbortSignal | undefined): AbortSignal {
  return signal === undefined ? closing : AbortSignal.any([closing, signal])
}

async function receive(
  sqs: SQSClient,
  queueUrl: string,
  { max, waitSeconds }: ReceiveOptions,
  signal: AbortSignal,
): Promise<readonly Delivery[]> {
  try {
    const { Messages } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: max,
        WaitTimeSeconds: waitSeconds,
        MessageSystemAttributeNames: ['ApproximateReceiveCount', 'MessageGroupId'],
      }),
      { abortSignal: signal },
    )
    return (Messages ?? []).map(toDelivery)
  } catch (cause) {
    if (signal.aborted) return []
    throw unavailable(cause)
  }
}

function toDelivery(message: Message): Delivery {
  return {
    messageId: message.MessageId ?? '',
    receipt: message.ReceiptHandle ?? '',
    // Without a group (a standard queue) every message is its own.
    group: message.Attributes?.MessageGroupId ?? message.MessageId ?? '',
    body: message.Body ?? '',
    receiveCount: Number(message.Attributes?.ApproximateReceiveCount ?? 1),
  }
}

async function describe(sqs: SQSClient, queueUrl: string): Promise<QueueFacts> {
  try {
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl: queueUrl,
        AttributeNames: ['RedrivePolicy', 'VisibilityTimeout'],
      }),
    )
    return {
      maxReceives: maxReceives(Attributes['RedrivePolicy']),
      visibilitySeconds: Number(Attributes['VisibilityTimeout'] ?? 30),
    }
  } catch (cause) {
    if (cause instanceof QueueDoesNotExist) {
      throw new AppError('NOT_FOUND', `there is no queue at ${queueUrl}`, { cause })
    }
    throw unavailable(cause)
  }
}

function maxReceives(redrivePolicy: string | undefined): number | null {
  if (redrivePolicy === undefined || redrivePolicy === '') return null
  const { maxReceiveCount } = JSON.parse(redrivePolicy) as { maxReceiveCount?: number | string }
  return maxReceiveCount === undefined ? null : Number(maxReceiveCount)
}

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessageBatch.html
const maxBatchEntries = 10

async function inBatches(
  deliveries: readonly Delivery[],
  run: (batch: readonly Delivery[]) => Promise<void>,
): Promise<void> {
  try {
    for (let at = 0; at < deliveries.length; at += maxBatchEntries) {
      await run(deliveries.slice(at, at + maxBatchEntries))
    }
  } catch (cause) {
    throw unavailable(cause)
  }
}

function entries(batch: readonly Delivery[]): { Id: string; ReceiptHandle: string }[] {
  return batch.map(({ receipt }, index) => ({ Id: String(index), ReceiptHandle: receipt }))
}

function unavailable(cause: unknown): AppError {
  return new AppError('BACKEND_UNAVAILABLE', 'the event bus cannot be reached', { cause })
}
