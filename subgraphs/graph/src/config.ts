import {
  readRelayConfig,
  readRoles,
  readServerConfig,
  required,
  type Env,
  type RelayConfig,
  type ServerConfig,
} from '@heirloom/subgraph'

export interface GraphConfig {
  /** Null in a process that only relays events. */
  readonly api: ApiConfig | null
  /** Null in a process that only serves requests. */
  readonly relay: RelayConfig | null
}

export interface ApiConfig extends ServerConfig {
  /** The /graphql of the stories subgraph. */
  readonly storiesUrl: string
}

const defaultPort = 4102

/** @throws AppError INVALID_INPUT that names the variable */
export function readConfig(env: Env): GraphConfig {
  const { api, worker } = readRoles(env)
  return Object.freeze({
    api: api
      ? { ...readServerConfig(env, defaultPort), storiesUrl: required(env, 'STORIES_URL') }
      : null,
    relay: worker ? readRelayConfig(env) : null,
  })
}
