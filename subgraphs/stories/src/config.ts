import {
  readRelayConfig,
  readRoles,
  readServerConfig,
  type Env,
  type RelayConfig,
  type ServerConfig,
} from '@heirloom/subgraph'

export interface StoriesConfig {
  /** Null in a process that only relays events. */
  readonly api: ServerConfig | null
  /** Null in a process that only serves requests. */
  readonly relay: RelayConfig | null
}

const defaultPort = 4101

/** @throws AppError INVALID_INPUT that names the variable */
export function readConfig(env: Env): StoriesConfig {
  const { api, worker } = readRoles(env)
  return Object.freeze({
    api: api ? readServerConfig(env, defaultPort) : null,
    relay: worker ? readRelayConfig(env) : null,
  })
}
