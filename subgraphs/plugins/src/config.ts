import { readServerConfig, type Env, type ServerConfig } from '@heirloom/subgraph'

const defaultPort = 4106

/** @throws AppError INVALID_INPUT that names the variable */
export function readConfig(env: Env): ServerConfig {
  return Object.freeze(readServerConfig(env, defaultPort))
}
