import { integer, optional, required, type Env } from '@heirloom/subgraph'

export interface PluginsConfig {
  readonly host: string
  readonly port: number
  readonly databaseUrl: string
  readonly internalJwksUrl: string
}

const defaultPort = 4106

/** @throws AppError INVALID_INPUT that names the variable */
export function readConfig(env: Env): PluginsConfig {
  return Object.freeze({
    host: optional(env, 'HOST', '127.0.0.1'),
    port: integer(env, 'PORT', defaultPort),
    databaseUrl: required(env, 'DATABASE_URL'),
    internalJwksUrl: required(env, 'INTERNAL_JWKS_URL'),
  })
}
