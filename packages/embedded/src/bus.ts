import { buildApp, createStores, type SnsStore, type SqsStore } from './bus/fauxqs.js'

export interface StartBusOptions {
  /** 0 (the default) takes a free one. */
  readonly port?: number
}

export interface EmbeddedBus {
  /** http://127.0.0.1:port; SNS, SQS and S3 (path style) answer at the same address. */
  readonly endpoint: string
  readonly region: string
  /** Any credentials are taken; these are only there because the SDK wants some. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  readonly topicArn: string
  /** Queue URLs by consumer name. */
  readonly queueUrls: Readonly<Record<BusConsumer, string>>
  readonly bucket: string
  close(): Promise<void>
}

export const busRegion = 'eu-west-1'
const topic = 'heirloom-domain-events.fifo'
const bucket = 'heirloom-media'
/** Each consumer has a queue of its own, and a dead-letter queue beside it. */
export const busConsumers = ['search-indexer', 'timeline-projector'] as const
export type BusConsumer = (typeof busConsumers)[number]

const account = '000000000000'
const maxReceiveCount = 5
const visibilityTimeoutSeconds = 30

/** Starts SNS, SQS and S3 on 127.0.0.1, with the topic, the queues and the bucket of Heirloom. */
export async function startBus(options: StartBusOptions = {}): Promise<EmbeddedBus> {
  const stores = await createStores()
  const app = buildApp({ logger: false, defaultRegion: busRegion, stores })
  const endpoint = await app.listen({ host: '127.0.0.1', port: options.port ?? 0 })
  const queueUrls = declare(stores, new URL(endpoint).host)
  stores.s3Store.createBucket(bucket)
  return {
    endpoint,
    region: busRegion,
    credentials: { accessKeyId: 'heirloom', secretAccessKey: 'heirloom' },
    topicArn: arn('sns', topic),
    queueUrls,
    bucket,
    close: async () => {
      stores.sqsStore.shutdown()
      await app.close()
    },
  }
}

function declare(
  { snsStore, sqsStore }: { snsStore: SnsStore; sqsStore: SqsStore },
  host: string,
): Record<BusConsumer, string> {
  snsStore.createTopic(
    topic,
    { FifoTopic: 'true', ContentBasedDeduplication: 'false' },
    undefined,
    busRegion,
  )
  const createQueue = (name: string, attributes: Record<string, string>): string => {
    const url = `http://${host}/${account}/${name}`
    sqsStore.createQueue(name, url, arn('sqs', name), { FifoQueue: 'true', ...attributes })
    return url
  }
  const entries = busConsumers.map((consumer) => {
    const dead = `heirloom-${consumer}-dead.fifo`
    const name = `heirloom-${consumer}.fifo`
    createQueue(dead, {})
    const url = createQueue(name, {
      VisibilityTimeout: String(visibilityTimeoutSeconds),
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arn('sqs', dead), maxReceiveCount }),
    })
    snsStore.subscribe(arn('sns', topic), 'sqs', arn('sqs', name), { RawMessageDelivery: 'true' })
    return [consumer, url]
  })
  return Object.fromEntries(entries) as Record<BusConsumer, string>
}

function arn(service: 'sns' | 'sqs', name: string): string {
  return `arn:aws:${service}:${busRegion}:${account}:${name}`
}
