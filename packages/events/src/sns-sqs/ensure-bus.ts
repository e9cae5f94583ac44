import {
  CreateTopicCommand,
  paginateListSubscriptionsByTopic,
  SetSubscriptionAttributesCommand,
  SubscribeCommand,
  type SNSClient,
} from '@aws-sdk/client-sns'
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SetQueueAttributesCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs'
import { AppError } from '@heirloom/errors'
import { createSnsClient, createSqsClient, type AwsOptions } from './clients.js'

export interface EnsureBusOptions<Name extends string> extends AwsOptions {
  /** Default `heirloom-domain-events.fifo`. */
  readonly topicName?: string
  /** One entry per consumer; `types` filters at the subscription, default all. */
  readonly queues: Readonly<Record<Name, { readonly types?: readonly string[] }>>
  /** Receives before a message goes to the dead letters. Default 5. */
  readonly maxReceives?: number
  /** How long a received message stays hidden. Default 30. */
  readonly visibilitySeconds?: number
}

export interface QueueAddress {
  readonly url: string
  readonly deadLetterUrl: string
}

export interface BusAddresses<Name extends string> {
  readonly topicArn: string
  readonly queues: Readonly<Record<Name, QueueAddress>>
}

export const defaultTopicName = 'heirloom-domain-events.fifo'
const defaultMaxReceives = 5
const defaultVisibilitySeconds = 30
// The longest that SQS keeps a message: time for somebody to look at a dead letter.
const retentionSeconds = 14 * 24 * 3600

/**
 * Makes sure that the topic, a queue and a dead-letter queue per consumer (`heirloom-{name}.fifo`,
 * `heirloom-{name}-dead.fifo`) and the subscriptions are there and set as asked; changes nothing
 * that is. For a laptop and for tests: production declares the same as infrastructure.
 */
export async function ensureBus<Name extends string>(
  options: EnsureBusOptions<Name>,
): Promise<BusAddresses<Name>> {
  const sns = createSnsClient(options)
  const sqs = createSqsClient(options)
  try {
    const topicArn = await ensureTopic(sns, options.topicName ?? defaultTopicName)
    const queues: Partial<Record<Name, QueueAddress>> = {}
    for (const name of Object.keys(options.queues) as Name[]) {
      const dead = await ensureQueue(sqs, `heirloom-${name}-dead.fifo`, {})
      const queue = await ensureQueue(sqs, `heirloom-${name}.fifo`, {
        VisibilityTimeout: String(options.visibilitySeconds ?? defaultVisibilitySeconds),
        RedrivePolicy: JSON.stringify({
          deadLetterTargetArn: dead.arn,
          maxReceiveCount: options.maxReceives ?? defaultMaxReceives,
        }),
      })
      await allowTopic(sqs, queue, topicArn)
      await ensureSubscription(sns, topicArn, queue.arn, options.queues[name].types)
      queues[name] = { url: queue.url, deadLetterUrl: dead.url }
    }
    return { topicArn, queues: queues as Record<Name, QueueAddress> }
  } finally {
    sns.destroy()
    sqs.destroy()
  }
}

async function ensureTopic(sns: SNSClient, name: string): Promise<string> {
  const { TopicArn } = await sns.send(
    new CreateTopicCommand({ Name: name, Attributes: { FifoTopic: 'true' } }),
  )
  return present(TopicArn)
}

interface Queue {
  readonly url: string
  readonly arn: string
}

/** CreateQueue refuses a queue that is there with other attributes: set those afterwards. */
async function ensureQueue(
  sqs: SQSClient,
  name: string,
  attributes: Readonly<Record<string, string>>,
): Promise<Queue> {
  const { QueueUrl } = await sqs.send(
    new CreateQueueCommand({ QueueName: name, Attributes: { FifoQueue: 'true' } }),
  )
  const url = present(QueueUrl)
  await sqs.send(
    new SetQueueAttributesCommand({
      QueueUrl: url,
      Attributes: { MessageRetentionPeriod: String(retentionSeconds), ...attributes },
    }),
  )
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] }),
  )
  return { url, arn: present(Attributes?.QueueArn) }
}

/** SNS may send to a queue only where the queue's own policy says so. */
async function allowTopic(sqs: SQSClient, queue: Queue, topicArn: string): Promise<void> {
  const policy = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'sns.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: queue.arn,
        Condition: { ArnEquals: { 'aws:SourceArn': topicArn } },
      },
    ],
  }
  await sqs.send(
    new SetQueueAttributesCommand({
      QueueUrl: queue.url,
      Attributes: { Policy: JSON.stringify(policy) },
    }),
  )
}

/** Subscribe refuses a subscription that is there with other attributes: look for it first. */
async function ensureSubscription(
  sns: SNSClient,
  topicArn: string,
  queueArn: string,
  types: readonly string[] | undefined,
): Promise<void> {
  const subscriptionArn =
    (await findSubscription(sns, topicArn, queueArn)) ?? (await subscribe(sns, topicArn, queueArn))
  const attributes = {
    RawMessageDelivery: 'true',
    // An empty policy matches everything.
    FilterPolicy: JSON.stringify(types === undefined ? {} : { type: types }),
  }
  for (const [name, value] of Object.entries(attributes)) {
    await sns.send(
      new SetSubscriptionAttributesCommand({
        SubscriptionArn: subscriptionArn,
        AttributeName: name,
        AttributeValue: value,
      }),
    )
  }
}

async function findSubscription(
  sns: SNSClient,
  topicArn: string,
  queueArn: string,
): Promise<string | undefined> {
  for await (const { Subscriptions } of paginateListSubscriptionsByTopic(
    { client: sns },
    { TopicArn: topicArn },
  )) {
    const found = Subscriptions?.find(({ Endpoint }) => Endpoint === queueArn)
    if (found !== undefined) return found.SubscriptionArn
  }
  return undefined
}

async function subscribe(sns: SNSClient, topicArn: string, queueArn: string): Promise<string> {
  const { SubscriptionArn } = await sns.send(
    new SubscribeCommand({
      TopicArn: topicArn,
      Protocol: 'sqs',
      Endpoint: queueArn,
      ReturnSubscriptionArn: true,
    }),
  )
  return present(SubscriptionArn)
}

function present(value: string | undefined): string {
  if (value !== undefined) return value
  throw new AppError('BACKEND_UNAVAILABLE', 'the event bus gave an answer without an address')
}
