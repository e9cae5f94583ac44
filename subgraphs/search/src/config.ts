import { AppError } from '@heirloom/errors'
import { integer, optional, required, type Env } from '@heirloom/subgraph'

export interface SearchConfig {
  /** Of the app role: requests and the indexer both work inside one tenant at a time. */
  readonly databaseUrl: string
  /** Null in a process that only indexes. */
  readonly api: ApiConfig | null
  /** Null in a process that only serves requests. */
  readonly worker: WorkerConfig | null
}

export interface ApiConfig {
  readonly host: string
  readonly port: number
  readonly internalJwksUrl: string
}

export interface WorkerConfig {
  readonly queueUrl: string
  readonly region: string
  /** Of an emulator; the SDK finds the real service by the region. */
  readonly endpoint: string | undefined
}

const defaultPort = 4104

/** @throws AppError INVALID_INPUT that names the variable */
export function readConfig(env: Env): SearchConfig {
  const role = optional(env, 'SERVICE_ROLE', 'all')
  if (role !== 'all' && role !== 'api' && role !== 'worker') {
    throw new AppError('INVALID_INPUT', 'SERVICE_ROLE must be all, api or worker')
  }
  return Object.freeze({
    databaseUrl: required(env, 'DATABASE_URL'),
    api: role === 'worker' ? null : apiConfig(env),
    worker: role === 'api' ? null : workerConfig(env),
  })
}

function apiConfig(env: Env): ApiConfig {
  return Object.freeze({
    host: optional(env, 'HOST', '127.0.0.1'),
    port: integer(env, 'PORT', defaultPort),
    internalJwksUrl: required(env, 'INTERNAL_JWKS_URL'),
  })
}

function workerConfig(env: Env): WorkerConfig {
  const endpoint = optional(env, 'AWS_ENDPOINT_URL', '')
  return Object.freeze({
    queueUrl: required(env, 'EVENTS_QUEUE_URL'),
    region: required(env, 'AWS_REGION'),
    endpoint: endpoint === '' ? undefined : endpoint,
  })
}
