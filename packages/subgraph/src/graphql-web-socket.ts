import type { Server as HttpServer } from 'node:http'
import type { Duplex } from 'node:stream'
import {
  createSourceEventStream,
  GraphQLError,
  subscribe,
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
import { createDocuments } from './documents.js'
import { withStart } from './start-cursor.js'
import { isBatchSource, sendTexts, type ResultText, type ResultTexts } from './text-results.js'

export interface GraphqlWebSocketOptions {
  readonly schema: GraphQLSchema
  readonly context: (request: RequestContext) => RequestContext
  readonly verify: VerifyInternalToken
  readonly logger: Logger
  readonly maxPayloadBytes: number
  readonly resultTexts?: ResultTexts | undefined
}

// RFC 6455, section 7.4.1 and its registry: "try again later".
const tryAgainLater = 1013
const unauthorizedStatus = 401
/** Running at once on one socket: what a client may make us hold must have an end. */
const maxOperations = 500
/** A client that does not answer for so long is gone. Longer than a slow one takes to be told so. */
const heartbeatMs = 45_000
/** How long clients have to say goodbye when we stop. */
const goodbyeMs = 2_000

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
): { dispose: () => Promise<void> } {
  const { schema, verify, logger, resultTexts } = options
  const documents = createDocuments(schema)
  // Between `subscribe`, which knows the operation, and `onOperation`, which knows the socket.
  const texts = new WeakMap<object, ResultText>()
  const sockets = new WebSocketServer({ noServer: true, maxPayload: options.maxPayloadBytes })
  attachUpgrade(server, sockets, logger)

  const serving = useServer<Record<string, unknown>, { requestId: string }>(
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
      onSubscribe: async (connection, _id, { query, operationName, variables }) => {
        const { connectionParams, subscriptions } = connection
        try {
          if (Object.keys(subscriptions).length > maxOperations) {
            throw new AppError(
              'RATE_LIMITED',
              `one socket has at most ${maxOperations} operations at once; open another one`,
            )
          }
          const document = documents(query)
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
      subscribe: async (args) => {
        const text = resultTexts?.(args)
        if (text === undefined) return subscribe(args)
        const source = await createSourceEventStream(args)
        if (isBatchSource(source)) texts.set(source, text)
        return source as AsyncIterable<ExecutionResult>
      },
      onOperation: ({ extra }, id, _payload, args, result) => {
        const text = isBatchSource(result) ? texts.get(result) : undefined
        const results =
          text !== undefined && isBatchSource(result) ? sendTexts(extra, id, result, text) : result
        return isResultStream(results) ? withStart(args.contextValue, results) : undefined
      },
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
    heartbeatMs,
  )
  return {
    dispose: async () => {
      // Who does not read does not answer either, and must not keep us from stopping.
      const goodbye = setTimeout(() => {
        for (const socket of sockets.clients) socket.terminate()
      }, goodbyeMs)
      await serving.dispose()
      clearTimeout(goodbye)
    },
  }
}

function isResultStream(result: unknown): result is AsyncGenerator<ExecutionResult, void, void> {
  return typeof result === 'object' && result !== null && Symbol.asyncIterator in result
}

function attachUpgrade(server: HttpServer, sockets: WebSocketServer, logger: Logger): void {
  server.on('upgrade', (request, socket: Duplex, head) => {
    // Node takes its own listener off an upgraded socket; a reset would end the process.
    socket.on('error', () => socket.destroy())
    if (request.url?.split('?')[0] !== '/graphql') {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
      return
    }
    sockets.handleUpgrade(request, socket, head, (accepted) => {
      sockets.emit('connection', accepted, request)
      // The library would print it; the socket is closed already, with the code that fits.
      accepted.removeAllListeners('error')
      accepted.on('error', (err) => logger.warn({ err }, 'a socket was closed for what it sent'))
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

function asGraphqlError(error: unknown): GraphQLError {
  const known = toAppError(error)
  return new GraphQLError(known.message, { originalError: known })
}
