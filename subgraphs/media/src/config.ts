import {
  given,
  readRelayConfig,
  readRoles,
  readServerConfig,
  required,
  type Env,
  type RelayConfig,
  type ServerConfig,
} from '@heirloom/subgraph'

export interface MediaConfig {
  /** Null in a process that only relays events. */
  readonly api: ApiConfig | null
  /** Null in a process that only serves requests. */
  readonly relay: RelayConfig | null
}

export interface ApiConfig extends ServerConfig {
  /** The /graphql of the stories subgraph. */
  readonly storiesUrl: string
  readonly s3: {
    readonly bucket: string
    readonly region: string
    readonly endpoint: string | undefined
    readonly publicEndpoint: string | undefined
  }
}

const defaultPort = 4103

/** @throws AppError INVALID_INPUT that names the variable */
export function readConfig(env: Env): MediaConfig {
  const { api, worker } = readRoles(env)
  return Object.freeze({
    api: api ? apiConfig(env) : null,
    relay: worker ? readRelayConfig(env) : null,
  })
}

function apiConfig(env: Env): ApiConfig {
  return {
    ...readServerConfig(env, defaultPort),
    storiesUrl: required(env, 'STORIES_URL'),
    s3: {
      bucket: required(env, 'S3_BUCKET'),
      region: required(env, 'AWS_REGION'),
      // The SDK's own name for the endpoint of S3 alone, where another emulator serves the bus.
      endpoint: given(env, 'AWS_ENDPOINT_URL_S3') ?? given(env, 'AWS_ENDPOINT_URL'),
      publicEndpoint: given(env, 'S3_PUBLIC_ENDPOINT'),
    },
  }
}
