import { AppError } from '@heirloom/errors'
import { integer, optional, required, type Env } from './env.js'

/** What each subgraph that serves requests is told. */
export interface ServerConfig {
  readonly host: string
  readonly port: number
  /** As the app role. */
  readonly databaseUrl: string
  readonly internalJwksUrl: string
}

/** Where the cloud's services are. */
export interface CloudConfig {
  readonly region: string
  /** Of an emulator; the SDK finds the real service by the region. */
  readonly endpoint: string | undefined
}

/** What is told to whoever works on a service's database beside its requests. */
export interface WorkerConfig {
  /** As the worker role. */
  readonly databaseUrl: string
}

/** What the relay of an outbox is told. */
export interface RelayConfig extends WorkerConfig, CloudConfig {
  readonly topicArn: string
}

/** What the consumer of a queue is told. */
export interface ConsumerConfig extends CloudConfig {
  readonly queueUrl: string
}

/** What one process runs: requests, workers or both. */
export interface Roles {
  readonly api: boolean
  readonly worker: boolean
}

/** SERVICE_ROLE: `all`, the default, `api` or `worker`. @throws AppError INVALID_INPUT */
export function readRoles(env: Env): Roles {
  const role = optional(env, 'SERVICE_ROLE', 'all')
  if (role !== 'all' && role !== 'api' && role !== 'worker') {
    throw new AppError('INVALID_INPUT', 'SERVICE_ROLE must be all, api or worker')
  }
  return { api: role !== 'worker', worker: role !== 'api' }
}

/** @throws AppError INVALID_INPUT that names the variable; so do the functions below */
export function readServerConfig(env: Env, defaultPort: number): ServerConfig {
  return {
    host: optional(env, 'HOST', '127.0.0.1'),
    port: integer(env, 'PORT', defaultPort),
    databaseUrl: required(env, 'DATABASE_URL'),
    internalJwksUrl: required(env, 'INTERNAL_JWKS_URL'),
  }
}

export function readWorkerConfig(env: Env): WorkerConfig {
  return { databaseUrl: required(env, 'WORKER_DATABASE_URL') }
}

export function readRelayConfig(env: Env): RelayConfig {
  return {
    ...readWorkerConfig(env),
    topicArn: required(env, 'EVENTS_TOPIC_ARN'),
    ...readCloudConfig(env),
  }
}

export function readConsumerConfig(env: Env): ConsumerConfig {
  return { queueUrl: required(env, 'EVENTS_QUEUE_URL'), ...readCloudConfig(env) }
}

function readCloudConfig(env: Env): CloudConfig {
  return { region: required(env, 'AWS_REGION'), endpoint: given(env, 'AWS_ENDPOINT_URL') }
}

/** The variable's value, or undefined when it is missing or empty. */
export function given(env: Env, name: string): string | undefined {
  const value = optional(env, name, '')
  return value === '' ? undefined : value
}
