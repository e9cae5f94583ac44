import {
  readConsumerConfig,
  readRoles,
  readServerConfig,
  required,
  type ConsumerConfig,
  type Env,
  type ServerConfig,
} from '@heirloom/subgraph'

export interface SearchConfig {
  /** Of the app role: requests and the indexer both work inside one tenant at a time. */
  readonly databaseUrl: string
  /** Null in a process that only indexes. */
  readonly api: ServerConfig | null
  /** Null in a process that only serves requests. */
  readonly worker: ConsumerConfig | null
}

const defaultPort = 4104

/** @throws AppError INVALID_INPUT that names the variable */
export function readConfig(env: Env): SearchConfig {
  const { api, worker } = readRoles(env)
  return Object.freeze({
    databaseUrl: required(env, 'DATABASE_URL'),
    api: api ? readServerConfig(env, defaultPort) : null,
    worker: worker ? readConsumerConfig(env) : null,
  })
}
