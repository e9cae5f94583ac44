import { AppError } from '@heirloom/errors'
import { integer, optional, required, type Env } from '@heirloom/subgraph'

export interface GraphConfig {
  /** Null in a process that only relays events. */
  readonly api: ApiConfig | null
  /** Null in a process that only serves requests. */
  readonly worker: WorkerConfig | null
}

export interface ApiConfig {
  readonly host: string
  readonly port: number
  readonly databaseUrl: string
  readonly internalJwksUrl: string
  /** The /graphql of the stories subgraph. */
  readonly storiesUrl: string
}

export interface WorkerConfig {
  readonly databaseUrl: string
  readonly topicArn: string
  readonly region: string
  /** Of an emulator; the SDK finds the real service by the region. */
  readonly endpoint: string | undefined
}

const defaultPort = 4102

/** @throws AppError INVALID_INPUT that names the variable */
export function readConfig(env: Env): GraphConfig {
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
  return Object.freeze({
    host: optional(env, 'HOST', '127.0.0.1'),
    port: integer(env, 'PORT', defaultPort),
    databaseUrl: required(env, 'DATABASE_URL'),
    internalJwksUrl: required(env, 'INTERNAL_JWKS_URL'),
    storiesUrl: required(env, 'STORIES_URL'),
  })
}

function workerConfig(env: Env): WorkerConfig {
  const endpoint = optional(env, 'AWS_ENDPOINT_URL', '')
  return Object.freeze({
    databaseUrl: required(env, 'WORKER_DATABASE_URL'),
    topicArn: required(env, 'EVENTS_TOPIC_ARN'),
    region: required(env, 'AWS_REGION'),
    endpoint: endpoint === '' ? undefined : endpoint,
  })
}
