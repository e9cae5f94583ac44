import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { allowBrowserUploads } from './bus/browser-uploads.js'
import { makeObjectsDurable } from './bus/durable-objects.js'
import { makeQueuesDurable } from './bus/durable-queues.js'
import { buildApp, createStores, type SnsStore, type SqsStore } from './bus/fauxqs.js'
import { portTaken } from './listen.js'

export interface StartBusOptions {
  /** 0 (the default) takes a free one. */
  readonly port?: number
  /** Keeps messages and objects across restarts, kill -9 included; without it all is in memory. */
  readonly dataDir?: string
  /** Origins whose pages may upload to the bucket. */
  readonly corsOrigins?: readonly string[]
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
  readonly close: () => Promise<void>
}

export const busRegion = 'eu-west-1'
const topic = 'heirloom-domain-events.fifo'
const bucket = 'heirloom-media'
/** Each consumer has a queue of its own, and a dead-letter queue beside it. */
export const busConsumers = ['search-indexer', 'timeline-projector'] as const
export type BusConsumer = (typeof busConsumers)[number]

const account = '000000000000'
const maxReceiveCount = 5
// Short: after a kill -9 the emulator may hand a message to the dead process's poll.
const visibilityTimeoutSeconds = 5

/**
 * Starts SNS, SQS and S3 on 127.0.0.1, with the topic, the queues and the bucket of Heirloom.
 * Requests are not authenticated: nothing but this machine may reach it.
 * @throws AppError CONFLICT when the port is taken
 */
export async function startBus(options: StartBusOptions = {}): Promise<EmbeddedBus> {
  const stores = await createStores()
  const app = buildApp({ logger: false, defaultRegion: busRegion, stores })
  allowBrowserUploads(app, options.corsOrigins ?? [])
  const durable = options.dataDir === undefined ? undefined : await keepIn(options.dataDir, stores)
  const endpoint = await listen(app, options.port ?? 0)
  const queueUrls = declare(stores, new URL(endpoint).host)
  stores.s3Store.createBucket(bucket)
  durable?.restore()
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
      durable?.close()
    },
  }
}

async function keepIn(
  dataDir: string,
  { s3Store, sqsStore }: Awaited<ReturnType<typeof createStores>>,
): Promise<{ restore(): void; close(): void }> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const queues = makeQueuesDurable(sqsStore, join(dataDir, 'messages.jsonl'))
  const objects = makeObjectsDurable(s3Store, join(dataDir, 'objects'))
  return {
    restore: () => queues.restore(),
    close: () => {
      queues.close()
      objects.close()
    },
  }
}

async function listen(app: ReturnType<typeof buildApp>, port: number): Promise<string> {
  try {
    return await app.listen({ host: '127.0.0.1', port })
  } catch (cause) {
    throw portTaken(cause, port, 'the event bus')
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
