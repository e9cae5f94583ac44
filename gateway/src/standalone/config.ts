import { AppError } from '@heirloom/errors'
import { integer, optional, required } from '@heirloom/subgraph'
import { plannerNames, type PlannerName } from '../federation/planners.js'
import type { CostLimits } from '../federation/operation-policy.js'
import {
  readCostLimits,
  readHttpLimits,
  readOperationLimits,
  readPersisted,
} from '../guard/config.js'
import type { OperationLimits } from '../guard/operation-limits.js'
import type { PersistedOptions } from '../guard/persisted-operations.js'
import type { HttpLimits } from '../http/http-limits.js'

export interface StandaloneConfig {
  readonly supergraphFile: string
  readonly host: string
  readonly port: number
  /** Names, in lower case, of the request headers that subgraphs are sent. */
  readonly forwardedHeaders: readonly string[]
  readonly subgraphUrls: ReadonlyMap<string, string>
  readonly executor: 'reference' | 'compiled'
  readonly planner: PlannerName
  readonly introspection: boolean
  readonly watch: boolean
  readonly limits: OperationLimits
  readonly costs: CostLimits
  readonly persisted: PersistedOptions
  readonly httpLimits: HttpLimits
  readonly subgraphTimeoutMs: number
  /** Where Prometheus asks; 0, the default, is nowhere. */
  readonly metricsPort: number
  readonly logLevel: string
}

type Env = Readonly<Record<string, string | undefined>>

/** What belongs to one connection (RFC 9110, section 7.6.1), or is the gateway's own to say. */
const ownHeaders = [
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'accept',
  'accept-encoding',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'traceparent',
  'transfer-encoding',
  'upgrade',
  'x-request-id',
]

const defaultPort = 4000
const defaultSubgraphTimeoutMs = 30_000
const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

/** @throws AppError INVALID_INPUT that names the variable */
export function readStandaloneConfig(env: Env): StandaloneConfig {
  return Object.freeze({
    supergraphFile: required(env, 'SUPERGRAPH_FILE'),
    host: optional(env, 'HOST', '127.0.0.1'),
    port: integer(env, 'PORT', defaultPort),
    forwardedHeaders: headerNames(optional(env, 'FORWARD_HEADERS', '')),
    subgraphUrls: subgraphUrls(optional(env, 'SUBGRAPH_URLS', '')),
    executor: oneOf(env, 'GATEWAY_EXECUTOR', ['compiled', 'reference'] as const),
    planner: oneOf(env, 'GATEWAY_PLANNER', plannerNames),
    introspection: oneOf(env, 'INTROSPECTION', ['on', 'off'] as const) === 'on',
    watch: oneOf(env, 'WATCH_SUPERGRAPH', ['off', 'on'] as const) === 'on',
    limits: readOperationLimits(env),
    costs: readCostLimits(env),
    persisted: readPersisted(env),
    httpLimits: readHttpLimits(env),
    subgraphTimeoutMs: integer(env, 'SUBGRAPH_TIMEOUT_MS', defaultSubgraphTimeoutMs),
    metricsPort: integer(env, 'METRICS_PORT', 0),
    logLevel: oneOf(env, 'LOG_LEVEL', ['info', ...logLevels]),
  })
}

/** Neither names of headers nor addresses contain white space. */
function listed(text: string): readonly string[] {
  return text.split(/\s+/).filter((item) => item !== '')
}

function headerNames(text: string): readonly string[] {
  const names = listed(text.toLowerCase().replaceAll(',', ' '))
  for (const name of names) {
    // RFC 9110, section 5.6.2: a token.
    if (!/^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name)) {
      throw new AppError('INVALID_INPUT', `"${name}" is no name of a header`)
    }
    if (ownHeaders.includes(name)) {
      throw new AppError('INVALID_INPUT', `the header ${name} is not the client's to say`)
    }
  }
  return [...new Set(names)]
}

function subgraphUrls(text: string): ReadonlyMap<string, string> {
  return new Map(
    listed(text).map((entry) => {
      const at = entry.indexOf('=')
      const url = entry.slice(at + 1)
      if (at < 1 || !URL.canParse(url) || !/^https?:/.test(url)) {
        throw new AppError(
          'INVALID_INPUT',
          `"${entry}" must be NAME=URL, with an http or https address`,
        )
      }
      return [entry.slice(0, at), url] as const
    }),
  )
}

/** The first of the values is what holds when nothing is said. */
function oneOf<const Value extends string>(
  env: Env,
  name: string,
  values: readonly Value[],
): Value {
  const text = optional(env, name, values[0] ?? '')
  const found = values.find((value) => value === text)
  if (found !== undefined) return found
  throw new AppError('INVALID_INPUT', `${name} must be ${[...new Set(values)].join(', ')}`)
}
