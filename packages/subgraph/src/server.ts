import type { Server as HttpServer } from 'node:http'
import type { Socket } from 'node:net'
import { buildSubgraphSchema } from '@apollo/subgraph'
import fastify, { type FastifyInstance } from 'fastify'
import { GraphQLError, parse, type GraphQLFormattedError, type GraphQLSchema } from 'graphql'
import { useServer } from 'graphql-ws/use/ws'
import { createYoga, type Plugin } from 'graphql-yoga'
import { WebSocketServer } from 'ws'
import { AppError, errorEnvelope, errorFields, toAppError } from '@heirloom/errors'
import type { Logger } from '@heirloom/telemetry'
import type { TenantContext, VerifyInternalToken } from '@heirloom/tenancy'
import type { RequestContext } from './request-context.js'

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
}

export interface SubgraphServer {
  readonly app: FastifyInstance
  readonly schema: GraphQLSchema
  /** Resolves to the address, for example http://127.0.0.1:4101. Port 0 picks a free one. */
  listen(options: { host: string; port: number }): Promise<string>
  /** Ends sockets with 1001 (going away), finishes running requests, then resolves. */
  close(): Promise<void>
}

const bodyLimitBytes = 8 * 1024 * 1024

/**
 * A subgraph over HTTP and WebSocket: `/graphql`, `/healthz` (the process lives) and `/readyz`
 * (it can serve). Every GraphQL request needs an internal token; without one the answer is 401
 * before anything is parsed.
 */
export function createSubgraphServer<Context extends RequestContext>(
  options: SubgraphServerOptions<Context>,
): SubgraphServer {
  const { name, verify, logger } = options
  const schema = buildSubgraphSchema({
    typeDefs: parse(options.typeDefs),
    resolvers: options.resolvers as NonNullable<GraphQLResolverMap>,
  })
  const app = fastify({ bodyLimit: bodyLimitBytes, forceCloseConnections: 'idle' })

  const yoga = createYoga<{ caller: RequestContext }>({
    schema,
    graphqlEndpoint: '/graphql',
    landingPage: false,
    graphiql: false,
    batching: false,
    logging: false,
    cors: false,
    context: ({ caller }) => options.context(caller),
    maskedErrors: {
      maskError: (error) => formatError(error, '', logger),
    },
    plugins: [stampRequestId],
  })

  app.get('/healthz', () => ({ status: 'ok', service: name }))
  app.get('/readyz', async () => {
    await options.ready?.()
    return { status: 'ok', service: name }
  })
  app.addContentTypeParser('application/json', {}, (_request, _payload, done) => done(null))
  app.post('/graphql', async (request, reply) => {
    const authorization = request.headers.authorization ?? ''
    const tenant = await verify(authorization)
    const response = await yoga.handleNodeRequestAndResponse(request, reply, {
      caller: { tenant, authorization },
    })
    for (const [key, value] of response.headers) reply.header(key, value)
    return reply.status(response.status).send(response.body)
  })
  app.setNotFoundHandler((request, reply) => {
    const error = new AppError('NOT_FOUND', `there is nothing at ${request.method} ${request.url}`)
    return reply.status(error.status).send(errorEnvelope(error, request.id))
  })
  app.setErrorHandler((error, request, reply) => {
    const known = toAppError(error)
    if (known.code === 'INTERNAL')
      logger.error({ err: error, request_id: request.id }, 'request failed')
    return reply.status(known.status).send(errorEnvelope(known, request.id))
  })

  const sockets = new WebSocketServer({ noServer: true, maxPayload: bodyLimitBytes })
  const webSocket = useServer(
    {
      schema,
      // The token is verified when the socket opens; the gateway opens one socket per caller.
      onConnect: async (connection) => {
        await callerOf(connection.connectionParams, verify)
        return true
      },
      context: async (connection) =>
        options.context(await callerOf(connection.connectionParams, verify)),
      onError: (_connection, _id, _payload, errors) =>
        errors.map((error) => formatError(error, '', logger).toJSON()),
      onNext: (_connection, _id, _payload, args, result) => {
        const context = args.contextValue as RequestContext
        return result.errors === undefined
          ? result
          : {
              ...result,
              errors: result.errors.map((error) =>
                formatError(error, context.tenant.requestId, logger),
              ),
            }
      },
    },
    sockets,
  )
  attachUpgrade(app.server, sockets)

  return {
    app,
    schema,
    listen: (address) => app.listen(address),
    close: async () => {
      await webSocket.dispose()
      await app.close()
    },
  }
}

function attachUpgrade(server: HttpServer, sockets: WebSocketServer): void {
  server.on('upgrade', (request, socket: Socket, head) => {
    if (request.url !== '/graphql') {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n')
      return
    }
    sockets.handleUpgrade(request, socket, head, (accepted) => {
      sockets.emit('connection', accepted, request)
    })
  })
}

async function callerOf(
  params: Readonly<Record<string, unknown>> | undefined,
  verify: VerifyInternalToken,
): Promise<RequestContext> {
  const authorization = typeof params?.['authorization'] === 'string' ? params['authorization'] : ''
  const tenant: TenantContext = await verify(authorization)
  return { tenant, authorization }
}

/** Gives every error of a result the id of the request that it belongs to. */
const stampRequestId: Plugin<RequestContext> = {
  onExecute: ({ args }) => ({
    onExecuteDone: ({ result, setResult }) => {
      if (Symbol.asyncIterator in result || result.errors === undefined) return
      const requestId = (args.contextValue as RequestContext).tenant.requestId
      setResult({
        ...result,
        errors: result.errors.map((error) => withRequestId(error, requestId)),
      })
    },
  }),
}

function withRequestId(error: GraphQLError, requestId: string): GraphQLError {
  return new GraphQLError(error.message, {
    ...error,
    originalError: error.originalError ?? null,
    extensions: { ...error.extensions, request_id: requestId },
  })
}

/**
 * An AppError keeps its message and fields; a GraphQL error of the caller's own making (syntax,
 * validation, coercion) keeps its message; anything else is masked, and logged once.
 */
function formatError(error: unknown, requestId: string, logger: Logger): GraphQLError {
  const graphqlError = error instanceof GraphQLError ? error : undefined
  const original = graphqlError === undefined ? error : graphqlError.originalError
  if (original === undefined && graphqlError !== undefined) {
    const known = new AppError('INVALID_INPUT', graphqlError.message)
    return rebuilt(graphqlError, known, requestId)
  }
  const known = toAppError(original)
  if (known.code === 'INTERNAL') {
    logger.error(
      { err: original, path: graphqlError?.path, request_id: requestId },
      'resolver failed',
    )
  }
  return rebuilt(graphqlError, known, requestId)
}

function rebuilt(at: GraphQLError | undefined, known: AppError, requestId: string): GraphQLError {
  const formatted: Partial<GraphQLFormattedError> = at?.toJSON() ?? {}
  return new GraphQLError(known.message, {
    ...(at?.nodes === undefined ? {} : { nodes: at.nodes }),
    ...(at?.source === undefined ? {} : { source: at.source }),
    ...(at?.positions === undefined ? {} : { positions: at.positions }),
    ...(formatted.path === undefined ? {} : { path: formatted.path }),
    originalError: known,
    extensions: {
      ...errorFields(known, (at?.extensions['request_id'] as string | undefined) ?? requestId),
    },
  })
}
