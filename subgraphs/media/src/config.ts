import { AppError } from '@heirloom/errors'
import { integer, optional, required, type Env } from '@heirloom/subgraph'

export interface MediaConfig {
  /** Null in a process that only works the queue. */
  readonly api: ApiConfig | null
  /** Null in a process that only serves requests. */
  readonly worker: WorkerConfig | null
}

export interface ApiConfig {
  readonly host: string
  readonly port: number
  readonly databaseUrl: string
  readonly internalJwksUrl: string
  readonly storiesUrl: string
  readonly s3: {
    readonly bucket: string
    readonly region: string
    readonly endpoint: string | undefined
    readonly publicEndpoint: string | undefined
  }
}

export interface WorkerConfig {
  readonly databaseUrl: string
  readonly topicArn: string
  readonly region: string
  readonly endpoint: string | undefined
}

const defaultPort = 4103

/** @throws AppError INVALID_INPUT that names the variable */
export function readConfig(env: Env): MediaConfig {
  const role = optional(env, 'SERVICE_ROLE', 'all')
  if (role !== 'all' && role !== 'api' && role !== 'worker') {
    throw new AppError('INVALID_INPUT', 'SERVICE_ROLE must be all, api or worker')
  }
  return Object.freeze({
    api: role === 'worker' ? null : apiConfig(env),
    worker: role === 'api' ? null : workerConfig(env),
  })
}

function apiConfig(env: Env): ApiConfig {
  return {
    host: optional(env, 'HOST', '127.0.0.1'),
    port: integer(env, 'PORT', defaultPort),
    databaseUrl: required(env, 'DATABASE_URL'),
    internalJwksUrl: required(env, 'INTERNAL_JWKS_URL'),
    storiesUrl: required(env, 'STORIES_URL'),
    s3: {
      bucket: required(env, 'S3_BUCKET'),
      region: required(env, 'AWS_REGION'),
      // The SDK's own name for the endpoint of S3 alone, where another emulator serves the bus.
      endpoint: given(env, 'AWS_ENDPOINT_URL_S3') ?? given(env, 'AWS_ENDPOINT_URL'),
      publicEndpoint: given(env, 'S3_PUBLIC_ENDPOINT'),
    },
  }
}

function workerConfig(env: Env): WorkerConfig {
  return {
    databaseUrl: required(env, 'WORKER_DATABASE_URL'),
    topicArn: required(env, 'EVENTS_TOPIC_ARN'),
    region: required(env, 'AWS_REGION'),
    endpoint: given(env, 'AWS_ENDPOINT_URL'),
  }
}

function given(env: Env, name: string): string | undefined {
  const value = optional(env, name, '')
  return value === '' ? undefined : value
}
