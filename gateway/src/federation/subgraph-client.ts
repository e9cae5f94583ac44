import { Agent, errors as undici, request } from 'undici'
import { AppError, errorFields, isErrorCode } from '@heirloom/errors'
import { childTraceparent, type Logger } from '@heirloom/telemetry'
import { createCircuitBreaker, type CircuitBreaker } from './http/circuit-breaker.js'
import { createLeanClient, type HttpClient } from './http/lean-client.js'
import { createUndiciClient } from './http/undici-client.js'
import { isObject, type Json } from './json.js'
import type {
  FetchSubgraph,
  SubgraphAnswer,
  SubgraphError,
  SubgraphRequest,
} from './subgraph-request.js'

export interface SubgraphClient {
  readonly fetch: FetchSubgraph
  /** Whether each subgraph answers at all, by name. */
  reachable(): Promise<ReadonlyMap<string, boolean>>
  close(): Promise<void>
}

export interface SubgraphClientOptions {
  /** The address of each subgraph's /graphql, by name. */
  readonly urls: ReadonlyMap<string, string>
  readonly logger: Logger
  readonly timeoutMs?: number | undefined
  readonly maxAnswerBytes?: number
  /** So many requests in a row without an answer, and a subgraph is left alone for `openMs`. */
  readonly breaker?: { readonly failuresToOpen: number; readonly openMs: number }
}

const defaultTimeoutMs = 10_000
const defaultMaxAnswerBytes = 16 * 1024 * 1024
const connectTimeoutMs = 2_000
const healthTimeoutMs = 2_000
const keepAliveMs = 30_000
const maxConnectionsPerSubgraph = 128
const defaultBreaker = { failuresToOpen: 20, openMs: 1_000 }

interface Subgraph {
  readonly name: string
  readonly client: HttpClient
  readonly breaker: CircuitBreaker
}

/** Subgraphs over HTTP with kept-alive connections: lean ones of ours, undici's where TLS is. */
export function createSubgraphClient(options: SubgraphClientOptions): SubgraphClient {
  const { urls, logger } = options
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs
  const subgraphs = new Map([...urls].map(([name, url]) => [name, subgraph(name, new URL(url))]))
  const healthAgent = new Agent({ connect: { timeout: connectTimeoutMs } })

  function subgraph(name: string, url: URL): Subgraph {
    const settings = {
      url,
      connectTimeoutMs,
      keepAliveMs,
      maxConnections: maxConnectionsPerSubgraph,
      maxAnswerBytes: options.maxAnswerBytes ?? defaultMaxAnswerBytes,
    }
    return {
      name,
      client: url.protocol === 'https:' ? createUndiciClient(settings) : createLeanClient(settings),
      breaker: createCircuitBreaker({
        ...(options.breaker ?? defaultBreaker),
        now: () => performance.now(),
      }),
    }
  }

  async function fieldsOf({ caller, subgraph: name }: SubgraphRequest): Promise<string> {
    const headers = await caller.headersFor(name)
    let fields = field('x-request-id', caller.requestId)
    fields += field('traceparent', childTraceparent(caller.traceparent))
    for (const key of Object.keys(headers)) fields += field(key, headers[key] ?? '')
    return fields
  }

  async function send(
    to: Subgraph,
    operation: SubgraphRequest,
    fields: string,
  ): Promise<SubgraphAnswer> {
    const { text } = await to.client.post({
      fields,
      body: operation.body ?? bodyOf(operation),
      isRepeatable: isQuery(operation.query),
      timeoutMs,
      signal: operation.signal,
    })
    return answerOf(to.name, parsed(text))
  }

  function failed(operation: SubgraphRequest, error: unknown): SubgraphAnswer {
    const known = unavailable(operation.subgraph, error)
    const { requestId } = operation.caller
    // Who asked may simply have gone.
    if (operation.signal?.aborted !== true) {
      const about = { err: error, subgraph: operation.subgraph, request_id: requestId }
      logger.warn(about, 'a subgraph gave no answer')
    }
    return {
      errors: [{ message: known.message, extensions: { ...errorFields(known, requestId) } }],
    }
  }

  return {
    fetch: async (operation) => {
      const to = subgraphs.get(operation.subgraph)
      if (to === undefined) {
        return failed(operation, new Error(`no address for the subgraph ${operation.subgraph}`))
      }
      let fields: string
      try {
        fields = await fieldsOf(operation)
      } catch (error) {
        return failed(operation, error)
      }
      if (!to.breaker.tryPass()) return failed(operation, new Error('it is left alone for a while'))
      try {
        const answer = await send(to, operation, fields)
        to.breaker.succeeded()
        return answer
      } catch (error) {
        if (operation.signal?.aborted === true) to.breaker.undecided()
        else to.breaker.failed()
        return failed(operation, error)
      }
    },
    reachable: async () => {
      const checks = [...urls].map(async ([name, url]) => {
        try {
          const response = await request(new URL('/healthz', url), {
            dispatcher: healthAgent,
            signal: AbortSignal.timeout(healthTimeoutMs),
          })
          await response.body.dump()
          return [name, response.statusCode === 200] as const
        } catch {
          return [name, false] as const
        }
      })
      return new Map(await Promise.all(checks))
    },
    close: async () => {
      for (const { client } of subgraphs.values()) client.close()
      await healthAgent.destroy()
    },
  }
}

function bodyOf({ query, variables, operationName }: SubgraphRequest): string {
  return JSON.stringify({ query, variables, operationName })
}

/** A header line. A control character could end it, and begin another (RFC 9110, section 5.5). */
function field(name: string, value: string): string {
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
    throw new Error(`the header ${name} holds what none may`)
  return `${name}: ${value}\r\n`
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The parser's own message quotes the answer, which is nobody's business.
    throw new Error('the answer is not JSON')
  }
}

/** @throws AppError SUBGRAPH_UNAVAILABLE for an answer that is neither GraphQL nor our envelope */
function answerOf(subgraph: string, body: unknown): SubgraphAnswer {
  if (isObject(body) && ('data' in body || Array.isArray(body['errors']))) {
    const data = isObject(body['data']) ? body['data'] : null
    return 'errors' in body ? { data, errors: errorsOf(body['errors']) } : { data }
  }
  // The REST envelope: the subgraph refused the request before it came to GraphQL.
  const refusal = isObject(body) && isObject(body['error']) ? body['error'] : {}
  const { message, ...extensions } = refusal
  const { code } = extensions
  // A refused internal token is a fault between us and the subgraph, not the caller's.
  if (!isErrorCode(code) || extensions['http_status'] === 401) {
    throw new Error(`${subgraph} refused the request: ${JSON.stringify(refusal)}`)
  }
  return { errors: [{ message: typeof message === 'string' ? message : code, extensions }] }
}

function errorsOf(errors: Json | undefined): SubgraphError[] | undefined {
  if (errors === null || errors === undefined) return undefined
  const list: readonly Json[] = Array.isArray(errors) ? errors : [errors]
  return list.map((error) => {
    const { message, path, extensions } = isObject(error) ? error : {}
    return {
      message: typeof message === 'string' ? message : '',
      path: Array.isArray(path) && path.every(isPathStep) ? path : undefined,
      extensions: isObject(extensions) ? extensions : undefined,
    }
  })
}

function isPathStep(step: unknown): step is string | number {
  return typeof step === 'string' || typeof step === 'number'
}

function unavailable(subgraph: string, cause: unknown): AppError {
  const details = { subgraph }
  const timedOut =
    cause instanceof undici.HeadersTimeoutError ||
    cause instanceof undici.BodyTimeoutError ||
    (cause instanceof Error && cause.name === 'TimeoutError')
  return timedOut
    ? new AppError('TIMEOUT', 'a part of the system took too long to answer', { cause, details })
    : new AppError('SUBGRAPH_UNAVAILABLE', 'a part of the system gives no answer; try again', {
        cause,
        details,
      })
}

function isQuery(operation: string): boolean {
  return !/^\s*mutation\b/.test(operation)
}
