import type { Server as HttpServer } from 'node:http'
import type { Duplex } from 'node:stream'
import {
  GraphQLError,
  parse,
  validate,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLSchema,
} from 'graphql'
import { CloseCode } from 'graphql-ws'
import { useServer, type Extra } from 'graphql-ws/use/ws'
import { WebSocketServer } from 'ws'
import { AppError, toAppError } from '@heirloom/errors'
import type { VerifyInternalToken } from '@heirloom/tenancy'
import type { Logger } from '@heirloom/telemetry'
import { publicError } from './graphql-errors.js'
import { requestContext, type RequestContext } from './request-context.js'
import { withStart } from './start-cursor.js'

export interface GraphqlWebSocketOptions {
  readonly schema: GraphQLSchema
  readonly context: (request: RequestContext) => RequestContext
  readonly verify: VerifyInternalToken
  readonly logger: Logger
  readonly maxPayloadBytes: number
}

// RFC 6455, section 7.4.1 and its registry: "try again later".
const tryAgainLater = 1013
const unauthorizedStatus = 401

/**
 * Serves graphql-transport-ws (https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md) at
 * /graphql. The token travels in the payload of `connection_init`, as `authorization`. It is
 * verified when the socket opens, which closes with 4401 and the error's code as its reason when
 * it is refused, and again for each operation: a socket never outlives its token's rights by more
 * than the operations that run.
 */
export function serveGraphqlWebSocket(
  server: HttpServer,
  options: GraphqlWebSocketOptions,
): { dispose: () => void | Promise<void> } {
  const { schema, verify, logger } = options
  const sockets = new WebSocketServer({ noServer: true, maxPayload: options.maxPayloadBytes })
  attachUpgrade(server, sockets)

  return useServer<Record<string, unknown>, { requestId: string }>(
    {
      isProd: true,
      onConnect: async ({ connectionParams, extra }) => {
        try {
          const caller = await callerOf(connectionParams, verify)
          extra.requestId = caller.tenant.requestId
          return true
        } catch (error) {
          refuse(extra, toAppError(error), logger)
          return false
        }
      },
      // What is returned as errors ends the operation; what is thrown would end the socket.
      onSubscribe: async ({ connectionParams }, _id, { query, operationName, variables }) => {
        try {
          const document = parsed(schema, query)
          const caller = await callerOf(connectionParams, verify)
          return {
            schema,
            document,
            contextValue: options.context(caller),
            operationName: operationName ?? null,
            variableValues: variables ?? null,
          } satisfies ExecutionArgs
        } catch (error) {
          return [asGraphqlError(error)]
        }
      },
      onOperation: (_connection, _id, _payload, args, result) =>
        isResultStream(result) ? withStart(args.contextValue, result) : undefined,
      onNext: (_connection, _id, _payload, args, result) => {
        if (result.errors === undefined) return result
        const { requestId } = (args.contextValue as RequestContext).tenant
        return {
          ...result,
          errors: result.errors.map((error) => publicError(error, requestId, logger).toJSON()),
        }
      },
      onError: ({ extra }, _id, _payload, errors) =>
        errors.map((error) => publicError(error, extra.requestId ?? '', logger).toJSON()),
    },
    sockets,
  )
}

function isResultStream(result: unknown): result is AsyncGenerator<ExecutionResult, void, void> {
  return typeof result === 'object' && result !== null && Symbol.asyncIterator in result
}

function attachUpgrade(server: HttpServer, sockets: WebSocketServer): void {
  server.on('upgrade', (request, socket: Duplex, head) => {
    // Node takes its own listener off an upgraded socket; a reset would end the process.
    socket.on('error', () => socket.destroy())
    if (request.url?.split('?')[0] !== '/graphql') {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
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
  return requestContext(await verify(authorization), authorization)
}

function refuse({ socket }: Extra, error: AppError, logger: Logger): void {
  if (error.status === unauthorizedStatus) {
    socket.close(CloseCode.Unauthorized, error.code)
    return
  }
  logger.warn({ err: error }, 'cannot verify the token of a socket')
  socket.close(tryAgainLater, error.code)
}

/** @throws AppError GRAPHQL_PARSE_FAILED, GRAPHQL_VALIDATION_FAILED */
function parsed(schema: GraphQLSchema, query: string): DocumentNode {
  const document = parseQuery(query)
  const [fault] = validate(schema, document)
  if (fault === undefined) return document
  throw new AppError('GRAPHQL_VALIDATION_FAILED', fault.message, { cause: fault })
}

function parseQuery(query: string): DocumentNode {
  try {
    return parse(query)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'the query cannot be parsed'
    throw new AppError('GRAPHQL_PARSE_FAILED', reason, { cause })
  }
}

function asGraphqlError(error: unknown): GraphQLError {
  const known = toAppError(error)
  return new GraphQLError(known.message, { originalError: known })
}
