import {
  readRoles,
  readServerConfig,
  readWorkerConfig,
  type Env,
  type ServerConfig,
  type WorkerConfig,
} from '@heirloom/subgraph'

export interface PluginsConfig {
  /** Null in a process that only seals the audit log. */
  readonly api: ServerConfig | null
  /** Null in a process that only serves requests. */
  readonly worker: WorkerConfig | null
}

const defaultPort = 4106

/** @throws AppError INVALID_INPUT that names the variable */
export function readConfig(env: Env): PluginsConfig {
  const { api, worker } = readRoles(env)
  return Object.freeze({
    api: api ? readServerConfig(env, defaultPort) : null,
    worker: worker ? readWorkerConfig(env) : null,
  })
}
