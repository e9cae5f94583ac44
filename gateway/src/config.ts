import { readFileSync } from 'node:fs'
import { parse as parseYaml } from 'yaml'
import { AppError } from '@heirloom/errors'
import { integer, optional, required, type Env } from '@heirloom/subgraph'
import { sessionLimits, type SessionLimits } from './auth/session-limits.js'
import { plannerNames, type PlannerName } from './federation/planners.js'
import type { CostLimits } from './federation/operation-policy.js'
import {
  readCostLimits,
  readHttpLimits,
  readOperationLimits,
  readPersisted,
  readRates,
} from './guard/config.js'
import type { OperationLimits } from './guard/operation-limits.js'
import type { PersistedOptions } from './guard/persisted-operations.js'
import type { Rates } from './guard/rate-limits.js'
import type { HttpLimits } from './http/http-limits.js'
import { readProviders, type ProviderConfig } from './provider-config.js'
import { connectionLimits, type ConnectionLimits } from './subscriptions/admission.js'

export interface GatewayConfig {
  readonly host: string
  readonly port: number
  /** Where browsers reach the gateway: scheme, host and port, nothing else. */
  readonly publicUrl: URL
  /** Whose word about the client's address is taken: addresses and networks. By default nobody's. */
  readonly trustedProxies?: readonly string[]
  readonly databaseUrl: string
  /** The first one's subjects are the ids of their users; those of the others get ids of ours. */
  readonly providers: readonly ProviderConfig[]
  /** Pages of these origins may ask with the cookies of a session too; none by default. */
  readonly corsOrigins?: readonly string[]
  readonly sessionLimits?: SessionLimits
  /** Encrypt what is kept of a session. The first is used for new ones. */
  readonly sessionKeys: readonly SessionKey[]
  /** A JWK Set (RFC 7517) with private Ed25519 keys. The first signs. */
  readonly internalKeysFile: string
  readonly supergraphFile: string | URL
  /** Addresses that differ from those in the supergraph, by the subgraph's name. */
  readonly subgraphUrls: ReadonlyMap<string, string>
  /** Which subgraphs each subgraph may ask on the caller's behalf. */
  readonly asks: ReadonlyMap<string, readonly string[]>
  /** The subgraph that keeps who may do what; where there is none, the provider's roles hold. */
  readonly accessFrom?: string | undefined
  /** What runs queries and mutations: Apollo's executor, or plans compiled to code. */
  readonly executor: 'reference' | 'compiled'
  /** Whose plans are compiled; auto when nothing is said. */
  readonly planner?: PlannerName
  /** Whether a query that its caller repeats while it is under way runs once; so by default. */
  readonly shareInFlight?: boolean
  /** What is not named here has the default. */
  readonly connectionLimits?: Partial<ConnectionLimits>
  readonly rates?: Partial<Rates>
  readonly limits?: Partial<OperationLimits>
  readonly costs?: Partial<CostLimits>
  readonly persisted?: PersistedOptions
  readonly httpLimits?: Partial<HttpLimits>
  /** Where Prometheus asks; 0, the default, is nowhere. */
  readonly metricsPort?: number
  /** Whether clients may ask for the schema, and are told names that they may have meant. */
  readonly introspection?: boolean
}

export interface SessionKey {
  readonly kid: string
  readonly key: Buffer
}

const schemaFolder = new URL('../../schema/', import.meta.url)
const sessionKeyBytes = 32
const accessSubgraph = 'stories'
/** Our schema says how long its lists are. */
const ourCosts = { maxCost: 20_000, maxListSize: 1_000 }

/** @throws AppError INVALID_INPUT that names the variable */
export function readConfig(env: Env): GatewayConfig {
  const list = readSubgraphList(env['SUBGRAPHS_FILE'] ?? new URL('subgraphs.yaml', schemaFolder))
  return Object.freeze({
    host: optional(env, 'HOST', '127.0.0.1'),
    port: integer(env, 'PORT', 4000),
    publicUrl: origin(env, 'PUBLIC_URL'),
    trustedProxies: optional(env, 'TRUSTED_PROXIES', '')
      .split(/[\s,]+/)
      .filter((proxy) => proxy !== ''),
    databaseUrl: required(env, 'DATABASE_URL'),
    providers: readProviders(env),
    corsOrigins: corsOrigins(env),
    sessionLimits: {
      idleMs: hours(env, 'SESSION_IDLE_HOURS', sessionLimits.idleMs),
      absoluteMs: hours(env, 'SESSION_ABSOLUTE_HOURS', sessionLimits.absoluteMs),
    },
    sessionKeys: sessionKeys(required(env, 'SESSION_KEYS')),
    internalKeysFile: required(env, 'INTERNAL_KEYS_FILE'),
    supergraphFile: env['SUPERGRAPH_FILE'] ?? new URL('supergraph.graphql', schemaFolder),
    subgraphUrls: new Map(
      list.flatMap(({ name }) => {
        const address = env[`${name.toUpperCase()}_URL`]
        return address === undefined || address === '' ? [] : [[name, address] as const]
      }),
    ),
    asks: new Map(list.map(({ name, asks }) => [name, asks ?? []])),
    accessFrom: list.some(({ name }) => name === accessSubgraph) ? accessSubgraph : undefined,
    executor: oneOf(env, 'GATEWAY_EXECUTOR', ['compiled', 'reference'] as const),
    planner: oneOf(env, 'GATEWAY_PLANNER', plannerNames),
    shareInFlight: oneOf(env, 'GATEWAY_SHARE_IN_FLIGHT', ['on', 'off'] as const) === 'on',
    connectionLimits: {
      connectionsPerUser: integer(env, 'CONNECTIONS_PER_USER', connectionLimits.connectionsPerUser),
      connectionsPerTenant: integer(
        env,
        'CONNECTIONS_PER_TENANT',
        connectionLimits.connectionsPerTenant,
      ),
      subscriptionsPerUser: integer(
        env,
        'SUBSCRIPTIONS_PER_USER',
        connectionLimits.subscriptionsPerUser,
      ),
      subscriptionsPerTenant: integer(
        env,
        'SUBSCRIPTIONS_PER_TENANT',
        connectionLimits.subscriptionsPerTenant,
      ),
    },
    rates: readRates(env),
    limits: readOperationLimits(env),
    costs: readCostLimits(env, ourCosts),
    persisted: readPersisted(env),
    httpLimits: readHttpLimits(env),
    introspection: oneOf(env, 'INTROSPECTION', ['on', 'off'] as const) === 'on',
    metricsPort: integer(env, 'METRICS_PORT', 0),
  })
}

/**
 * Apollo's gateway reports about the machine it runs on to its vendor unless this is set. Nothing
 * of a family archive's installation is anybody else's business.
 */
export function disableVendorTelemetry(): void {
  process.env['APOLLO_TELEMETRY_DISABLED'] = 'true'
}

interface ListedSubgraph {
  readonly name: string
  readonly asks?: readonly string[]
}

function readSubgraphList(file: string | URL): readonly ListedSubgraph[] {
  const { subgraphs } = parseYaml(readFileSync(file, 'utf8')) as { subgraphs: ListedSubgraph[] }
  return subgraphs
}

/** The first of the values is what holds when nothing is said. */
function oneOf<const Value extends string>(
  env: Env,
  name: string,
  values: readonly [Value, ...Value[]],
): Value {
  const text = optional(env, name, values[0])
  const found = values.find((value) => value === text)
  if (found !== undefined) return found
  throw new AppError('INVALID_INPUT', `${name} must be one of ${values.join(', ')}`)
}

function sessionKeys(text: string): readonly SessionKey[] {
  return text.split(',').map((entry) => {
    const [kid, encoded] = entry.trim().split(':')
    const key = Buffer.from(encoded ?? '', 'base64')
    if (kid === undefined || kid === '' || key.length !== sessionKeyBytes) {
      throw new AppError('INVALID_INPUT', 'SESSION_KEYS must be kid:base64 of 32 bytes, …')
    }
    return { kid, key }
  })
}

const hourMs = 3_600_000

function hours(env: Env, name: string, fallbackMs: number): number {
  const count = integer(env, name, fallbackMs / hourMs)
  if (count > 0) return count * hourMs
  throw new AppError('INVALID_INPUT', `${name} must be at least 1`)
}

function corsOrigins(env: Env): readonly string[] {
  const listed = optional(env, 'CORS_ORIGINS', '')
  const origins = listed.split(',').flatMap((text) => (text.trim() === '' ? [] : [text.trim()]))
  for (const text of origins) {
    // Exactly what a browser sends: no path, no wildcard, no default port, in lower case.
    if (URL.canParse(text) && /^https?:/.test(text) && new URL(text).origin === text) continue
    throw new AppError('INVALID_INPUT', `CORS_ORIGINS: "${text}" is no origin`)
  }
  return origins
}

function url(env: Env, name: string): URL {
  const text = required(env, name)
  if (!URL.canParse(text) || !/^https?:/.test(text)) {
    throw new AppError('INVALID_INPUT', `${name} must be an http or https address`)
  }
  return new URL(text)
}

function origin(env: Env, name: string): URL {
  const parsed = url(env, name)
  if (parsed.pathname !== '/' || parsed.search !== '' || parsed.hash !== '') {
    throw new AppError('INVALID_INPUT', `${name} must be an origin, without a path`)
  }
  return parsed
}
