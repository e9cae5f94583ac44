import { readFileSync } from 'node:fs'
import { AppError } from '@heirloom/errors'
import { parseBootstrap, type RoutingBootstrap } from '@heirloom/persistence'
import { parseCursorKeys, type CursorKey } from '@heirloom/streams'
import { integer, optional, required, type Env } from '@heirloom/subgraph'
import { readBackendConfig, type BackendConfig } from './backend-config.js'
import { parseRetention, type RetentionRule } from './domain/retention.js'

export interface StorageConfig {
  readonly env: string
  readonly backends: BackendConfig
  readonly bootstrap: RoutingBootstrap
  /** Null in a process that only works the queue. */
  readonly api: ApiConfig | null
  /** Null in a process that only serves requests. */
  readonly worker: WorkerConfig | null
}

export interface ApiConfig {
  readonly host: string
  readonly port: number
  /** As the app role: where the audit log is. */
  readonly databaseUrl: string
  readonly internalJwksUrl: string
  readonly storiesUrl: string
  readonly cursorKeys: readonly [CursorKey, ...CursorKey[]]
  readonly pollIntervalMs: number
  readonly subscriptionLifeMs: number
}

export interface WorkerConfig {
  /** As the worker role, which seals the audit log. */
  readonly databaseUrl: string
  /** How long events are kept; without a rule for ever. */
  readonly retention: readonly RetentionRule[]
  readonly retentionIntervalMs: number
  readonly queueUrl: string
  readonly region: string
  /** Of an emulator; the SDK finds the real service by the region. */
  readonly endpoint: string | undefined
}

const defaultPort = 4105
const defaultPollIntervalMs = 1_000
const defaultSubscriptionLifeMs = 600_000
const defaultRetentionIntervalMs = 3_600_000
/** Comes with the service; ROUTING_BOOTSTRAP_FILE names another. */
const bootstrapFile = new URL('../routing-bootstrap.yaml', import.meta.url)

/** @throws AppError INVALID_INPUT that names the variable */
export function readConfig(env: Env): StorageConfig {
  const role = optional(env, 'SERVICE_ROLE', 'all')
  if (role !== 'all' && role !== 'api' && role !== 'worker') {
    throw new AppError('INVALID_INPUT', 'SERVICE_ROLE must be all, api or worker')
  }
  return Object.freeze({
    env: optional(env, 'HEIRLOOM_ENV', 'dev'),
    backends: readBackendConfig(env, required(env, 'DATABASE_URL')),
    bootstrap: readBootstrap(env),
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
    cursorKeys: parseCursorKeys(required(env, 'STREAM_CURSOR_KEYS')),
    pollIntervalMs: integer(env, 'STREAM_POLL_INTERVAL_MS', defaultPollIntervalMs),
    subscriptionLifeMs: integer(env, 'STREAM_SUBSCRIPTION_LIFE_MS', defaultSubscriptionLifeMs),
  })
}

function workerConfig(env: Env): WorkerConfig {
  const endpoint = optional(env, 'AWS_ENDPOINT_URL', '')
  return Object.freeze({
    databaseUrl: required(env, 'WORKER_DATABASE_URL'),
    retention: parseRetention(optional(env, 'STREAM_RETENTION', '[]')),
    retentionIntervalMs: integer(env, 'STREAM_RETENTION_INTERVAL_MS', defaultRetentionIntervalMs),
    queueUrl: required(env, 'EVENTS_QUEUE_URL'),
    region: required(env, 'AWS_REGION'),
    endpoint: endpoint === '' ? undefined : endpoint,
  })
}

function readBootstrap(env: Env): RoutingBootstrap {
  const named = optional(env, 'ROUTING_BOOTSTRAP_FILE', '')
  try {
    return parseBootstrap(readFileSync(named === '' ? bootstrapFile : named, 'utf8'))
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw new AppError('INVALID_INPUT', `ROUTING_BOOTSTRAP_FILE: ${named} cannot be read`, {
      cause,
    })
  }
}
