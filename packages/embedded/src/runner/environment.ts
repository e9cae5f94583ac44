import type { EmbeddedBus } from '../bus.js'
import type { EmbeddedOidcProvider } from '../oidc.js'
import type { Cluster } from '../postgres/cluster.js'
import type { Keys } from './keys.js'
import type { PortPlan } from './ports.js'
import type { ListedSubgraph } from './repository.js'

export type Env = Readonly<Record<string, string>>

/** What the services are told about the servers that they share. */
export interface Surroundings {
  readonly inherited: Readonly<Record<string, string | undefined>>
  readonly ports: PortPlan
  readonly postgres: Cluster
  readonly bus: EmbeddedBus
  readonly oidc: EmbeddedOidcProvider
  readonly keys: Keys
}

const host = '127.0.0.1'

export function publicUrl(ports: PortPlan): string {
  return `http://localhost:${ports.gateway}`
}

export function databaseName(service: string): string {
  return `heirloom_${service}`
}

/** The environment of one subgraph: its own database, and of the rest only what it needs. */
export function subgraphEnv(subgraph: ListedSubgraph, around: Surroundings): Env {
  const { bus, keys, ports } = around
  const { name, needs, workers } = subgraph
  const queue = Object.entries(bus.queueUrls).find(([consumer]) => workers.includes(consumer))?.[1]
  return {
    ...shared(around),
    ...databaseEnv(name, around.postgres),
    PORT: String(ports.subgraphs[name]),
    INTERNAL_JWKS_URL: `http://${host}:${ports.gateway}/.well-known/heirloom-internal-jwks.json`,
    ...urls(subgraph.asks ?? [], ports),
    ...(needs.includes('bus') || needs.includes('objects') ? awsEnv(bus) : {}),
    ...(needs.includes('bus') ? { EVENTS_TOPIC_ARN: bus.topicArn } : {}),
    ...(queue === undefined ? {} : { EVENTS_QUEUE_URL: queue }),
    ...(needs.includes('objects')
      ? { S3_BUCKET: bus.bucket, S3_PUBLIC_ENDPOINT: bus.endpoint }
      : {}),
    ...(subgraph.subscriptions === true ? { STREAM_CURSOR_KEYS: keys.streamCursorKeys } : {}),
  }
}

export function gatewayEnv(subgraphs: readonly ListedSubgraph[], around: Surroundings): Env {
  const { keys, oidc, ports } = around
  return {
    ...shared(around),
    ...databaseEnv('gateway', around.postgres),
    PORT: String(ports.gateway),
    PUBLIC_URL: publicUrl(ports),
    OIDC_ISSUER: oidc.issuer,
    OIDC_CLIENT_ID: oidc.gatewayClient.clientId,
    OIDC_CLIENT_SECRET: oidc.gatewayClient.clientSecret,
    OIDC_AUDIENCE: oidc.audience,
    SESSION_KEYS: keys.sessionKeys,
    INTERNAL_KEYS_FILE: keys.internalKeysFile,
    ...urls(
      subgraphs.map(({ name }) => name),
      ports,
    ),
  }
}

// The caller's own cloud account must never be reached from here, whatever its environment says.
const notInherited = /^(AWS_|NODE_CHANNEL_FD$|PORT$|HOST$)/

function shared({ inherited }: Surroundings): Env {
  const kept = Object.entries(inherited).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !notInherited.test(entry[0]),
  )
  return { ...Object.fromEntries(kept), HOST: host, HEIRLOOM_ENV: 'dev', SERVICE_ROLE: 'all' }
}

function databaseEnv(service: string, postgres: Cluster): Env {
  const { appUrl, workerUrl, ownerUrl } = postgres.urls(databaseName(service))
  return { DATABASE_URL: appUrl, WORKER_DATABASE_URL: workerUrl, MIGRATION_DATABASE_URL: ownerUrl }
}

function awsEnv(bus: EmbeddedBus): Env {
  return {
    AWS_REGION: bus.region,
    AWS_ENDPOINT_URL: bus.endpoint,
    AWS_ACCESS_KEY_ID: bus.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: bus.credentials.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  }
}

function urls(subgraphs: readonly string[], ports: PortPlan): Env {
  return Object.fromEntries(
    subgraphs.map((name) => [
      `${name.toUpperCase()}_URL`,
      `http://${host}:${ports.subgraphs[name]}/graphql`,
    ]),
  )
}
