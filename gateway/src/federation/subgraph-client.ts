import { Agent, errors as undici, request } from 'undici'
import { AppError, errorFields, isErrorCode } from '@heirloom/errors'
import { childTraceparent, type Logger } from '@heirloom/telemetry'
import { withDeadline } from './deadline.js'
import { isObject } from './json.js'
import type { FetchSubgraph, SubgraphAnswer, SubgraphRequest } from './subgraph-request.js'

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
}

const defaultTimeoutMs = 10_000
const defaultMaxAnswerBytes = 16 * 1024 * 1024
const connectTimeoutMs = 2_000
const healthTimeoutMs = 2_000
const keepAliveMs = 30_000
const maxConnectionsPerSubgraph = 128

/** Subgraphs over HTTP with kept-alive connections. */
export function createSubgraphClient(options: SubgraphClientOptions): SubgraphClient {
  const { urls, logger } = options
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs
  const agent = new Agent({
    connections: maxConnectionsPerSubgraph,
    keepAliveTimeout: keepAliveMs,
    connect: { timeout: connectTimeoutMs },
    maxResponseSize: options.maxAnswerBytes ?? defaultMaxAnswerBytes,
  })

  function send(operation: SubgraphRequest): Promise<SubgraphAnswer> {
    return withDeadline(timeoutMs, operation.signal, (signal) => sendUntil(signal, operation))
  }

  async function sendUntil(
    signal: AbortSignal,
    operation: SubgraphRequest,
  ): Promise<SubgraphAnswer> {
    const url = urls.get(operation.subgraph)
    if (url === undefined) throw new Error(`no address for the subgraph ${operation.subgraph}`)
    const { tenant } = operation.caller
    const response = await request(url, {
      dispatcher: agent,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        authorization: await operation.caller.authorizationFor(operation.subgraph),
        traceparent: childTraceparent(tenant.traceparent),
        'x-request-id': tenant.requestId,
      },
      body:
        operation.body ??
        JSON.stringify({
          query: operation.query,
          variables: operation.variables,
          operationName: operation.operationName,
        }),
      signal,
    })
    return answerOf(operation.subgraph, await response.body.json())
  }

  return {
    fetch: async (operation) => {
      try {
        return await send(operation).catch((error: unknown) => {
          // A kept-alive connection that the other side has just closed. Nothing was answered,
          // and reading twice does no harm; a mutation is never sent a second time.
          if (!isQuery(operation.query) || !isStaleConnection(error)) throw error
          return send(operation)
        })
      } catch (error) {
        const known = unavailable(error)
        const { requestId } = operation.caller.tenant
        // Who asked may simply have gone.
        if (operation.signal?.aborted !== true) {
          const about = { err: error, subgraph: operation.subgraph, request_id: requestId }
          logger.warn(about, 'a subgraph gave no answer')
        }
        return {
          errors: [{ message: known.message, extensions: { ...errorFields(known, requestId) } }],
        }
      }
    },
    reachable: async () => {
      const checks = [...urls].map(async ([name, url]) => {
        try {
          const response = await request(new URL('/healthz', url), {
            dispatcher: agent,
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
    close: () => agent.destroy(),
  }
}

/** @throws AppError SUBGRAPH_UNAVAILABLE for an answer that is neither GraphQL nor our envelope */
function answerOf(subgraph: string, body: unknown): SubgraphAnswer {
  if (isObject(body) && ('data' in body || Array.isArray(body['errors']))) {
    return body
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

function unavailable(cause: unknown): AppError {
  const timedOut =
    cause instanceof undici.HeadersTimeoutError ||
    cause instanceof undici.BodyTimeoutError ||
    (cause instanceof Error && cause.name === 'TimeoutError')
  return timedOut
    ? new AppError('TIMEOUT', 'a part of the system took too long to answer', { cause })
    : new AppError('SUBGRAPH_UNAVAILABLE', 'a part of the system gives no answer; try again', {
        cause,
      })
}

function isQuery(operation: string): boolean {
  return !/^\s*mutation\b/.test(operation)
}

function isStaleConnection(error: unknown): boolean {
  if (error instanceof undici.SocketError) return true
  return error instanceof Error && 'code' in error && error.code === 'ECONNRESET'
}
