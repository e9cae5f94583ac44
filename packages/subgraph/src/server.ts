import { randomUUID } from 'node:crypto'
import { buildSubgraphSchema } from '@apollo/subgraph'
import fastify, { type FastifyInstance } from 'fastify'
import { parse, type GraphQLSchema } from 'graphql'
import { AppError, errorEnvelope, toAppError } from '@heirloom/errors'
import type { Logger } from '@heirloom/telemetry'
import type { VerifyInternalToken } from '@heirloom/tenancy'
import { createGraphqlHttp } from './graphql-http.js'
import { serveGraphqlWebSocket } from './graphql-web-socket.js'
import { observeMutations, type MutationObserver } from './observe-mutations.js'
import { requestContext, type RequestContext } from './request-context.js'
import type { ResultTexts } from './text-results.js'

type GraphQLResolverMap = Parameters<typeof buildSubgraphSchema>[0] extends infer Input
  ? Input extends { resolvers?: infer Resolvers }
    ? Resolvers
    : never
  : never

export interface SubgraphServerOptions<Context extends RequestContext> {
  readonly name: string
  /** SDL with federation directives. */
  readonly typeDefs: string
  readonly resolvers: object
  readonly verify: VerifyInternalToken
  /** Called once per request, or per operation of a socket: builds loaders and bound stores. */
  readonly context: (request: RequestContext) => Context
  readonly logger: Logger
  /** Throws while the subgraph cannot serve, for example because its database is away. */
  readonly ready?: () => Promise<void>
  readonly mutations?: MutationObserver<Context>
  /** Subscriptions whose results are written as text instead of being executed for each event. */
  readonly resultTexts?: ResultTexts
}

export interface SubgraphServer {
  readonly app: FastifyInstance
  readonly schema: GraphQLSchema
  /** Resolves to the address, for example http://127.0.0.1:4101. Port 0 picks a free one. */
  listen(options: { host: string; port: number }): Promise<string>
  /** Ends sockets with 1001 (going away), finishes running requests, then resolves. Idempotent. */
  close(): Promise<void>
}

const bodyLimitBytes = 8 * 1024 * 1024
/** Headers and body together: nobody keeps a connection busy by sending a byte now and then. */
const requestTimeoutMs = 60_000

/**
 * A subgraph over HTTP and WebSocket: `/graphql`, `/healthz` (the process lives) and `/readyz`
 * (it can serve). Every GraphQL request needs an internal token; without one the answer is 401
 * before anything is parsed.
 */
export function createSubgraphServer<Context extends RequestContext>(
  options: SubgraphServerOptions<Context>,
): SubgraphServer {
  const { name, verify, logger, context } = options
  const schema = buildSubgraphSchema({
    typeDefs: parse(options.typeDefs),
    resolvers: options.resolvers as NonNullable<GraphQLResolverMap>,
  })
  if (options.mutations !== undefined) observeMutations(schema, options.mutations)
  // An id for requests that are refused before their token tells one.
  const app = fastify({
    bodyLimit: bodyLimitBytes,
    requestTimeout: requestTimeoutMs,
    forceCloseConnections: 'idle',
    genReqId: () => randomUUID(),
  })
  const answer = createGraphqlHttp({ schema, context, logger })

  app.get('/healthz', () => ({ status: 'ok', service: name }))
  app.get('/readyz', async () => {
    await options.ready?.().catch((cause: unknown) => {
      throw new AppError('BACKEND_UNAVAILABLE', `${name} cannot serve`, { cause })
    })
    return { status: 'ok', service: name }
  })
  app.route({
    method: 'POST',
    url: '/graphql',
    // Before the body is read: a stranger cannot make us parse megabytes.
    onRequest: async (request) => {
      const authorization = request.headers.authorization ?? ''
      request.caller = requestContext(await verify(authorization), authorization)
    },
    handler: (request, reply) => {
      if (request.caller === undefined) throw new AppError('UNAUTHENTICATED', 'send a token')
      return answer(request, reply, request.caller)
    },
  })
  app.setNotFoundHandler((request, reply) => {
    const error = new AppError('NOT_FOUND', `there is nothing at ${request.method} ${request.url}`)
    return reply.status(error.status).send(errorEnvelope(error, request.id))
  })
  app.setErrorHandler((error, request, reply) => {
    const known = httpError(error)
    const requestId = request.caller?.tenant.requestId ?? request.id
    if (known.status >= firstServerStatus) {
      logger.error({ err: known.cause ?? known, request_id: requestId }, 'request failed')
    }
    return reply.status(known.status).send(errorEnvelope(known, requestId))
  })
  const webSocket = serveGraphqlWebSocket(app.server, {
    schema,
    verify,
    context,
    logger,
    maxPayloadBytes: bodyLimitBytes,
    resultTexts: options.resultTexts,
  })

  const end = async (): Promise<void> => {
    await webSocket.dispose()
    await app.close()
  }
  let ended: Promise<void> | undefined

  return {
    app,
    schema,
    // Copied: fastify writes into what it is given, and a configuration is frozen.
    listen: ({ host, port }) => app.listen({ host, port }),
    close: () => (ended ??= end()),
  }
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set on /graphql, once the token was verified. */
    caller?: RequestContext
  }
}

const tooLargeStatus = 413
const firstClientStatus = 400
const firstServerStatus = 500

/** Translates what Fastify itself refuses: a body that is too large, or that is no JSON. */
function httpError(error: unknown): AppError {
  const status =
    error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : undefined
  if (error instanceof AppError || status === undefined) return toAppError(error)
  if (status === tooLargeStatus) {
    return new AppError('PAYLOAD_TOO_LARGE', `a request has at most ${bodyLimitBytes} bytes`, {
      cause: error,
    })
  }
  if (status >= firstClientStatus && status < firstServerStatus) {
    const reason = error instanceof Error ? error.message : 'the request cannot be read'
    return new AppError('INVALID_INPUT', reason, { cause: error })
  }
  return toAppError(error)
}
