import { SNSClient } from '@aws-sdk/client-sns'
import { SQSClient } from '@aws-sdk/client-sqs'

export interface AwsOptions {
  readonly region: string
  /** Only for an emulator; without it the SDK finds the region's own endpoint. */
  readonly endpoint?: string | undefined
  /** Only for tests; without them the SDK's own chain is asked. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

const connectionTimeoutMs = 3_000
const publishTimeoutMs = 10_000
// A long poll lasts up to 20 s.
const receiveTimeoutMs = 30_000
// The relay and the consumers have their own backoff; the SDK only smooths over a lost socket.
const maxAttempts = 2

export function createSnsClient(options: AwsOptions): SNSClient {
  return new SNSClient({
    ...common(options),
    requestHandler: { connectionTimeout: connectionTimeoutMs, requestTimeout: publishTimeoutMs },
  })
}

export function createSqsClient(options: AwsOptions): SQSClient {
  return new SQSClient({
    ...common(options),
    requestHandler: { connectionTimeout: connectionTimeoutMs, requestTimeout: receiveTimeoutMs },
  })
}

function common({ region, endpoint, credentials }: AwsOptions) {
  return {
    region,
    maxAttempts,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
  }
}
