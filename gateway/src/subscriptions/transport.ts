import type { Server as HttpServer } from 'node:http'
import {
  GraphQLError,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLFormattedError,
  type GraphQLSchema,
} from 'graphql'
import type { Context, SubscribePayload } from 'graphql-ws'
import { useServer, type Extra } from 'graphql-ws/use/ws'
import { WebSocketServer } from 'ws'
import { newTraceparent, type Logger } from '@heirloom/telemetry'
import type { Access, AskAs } from '../access.js'
import { createErrorFormatter } from '../federation/format-error.js'
import type { Operations } from '../federation/operations.js'
import type { Asker } from '../federation/subgraph-request.js'
import type { Subscribe } from './federated-subscription.js'
import { prepareOperation, refusal } from './prepare-operation.js'
import { refuseSocket } from './socket-watch.js'
import { acceptUpgrades } from './upgrade.js'

// GraphQL over WebSocket (graphql-transport-ws). Phases of a socket: upgrade (path, and where the
// request comes from), init (who asks, and from then on whether they still may), operations: subscriptions, and queries and mutations as they run over HTTP.

export interface TransportDeps {
  /** What clients see at this moment. */
  readonly schema: () => GraphQLSchema
  readonly access: Pick<Access, 'assertMayUpgrade' | 'admitSocket'>
  readonly operations: Pick<Operations, 'run'>
  readonly subscribe: Subscribe
  readonly newRequestId: () => string
  readonly maxMessageBytes: number
  readonly logger: Logger
}

export interface Transport {
  attach(server: HttpServer): void
  /** Ends every socket with 1001 (going away), and those that do not listen without a word. */
  close(): Promise<void>
}

const maxOperationsPerSocket = 100
const closeGraceMs = 2_000

/** What a socket carries from init on; the library adds the socket and the upgrade request. */
type Carried = { askAs: AskAs; requestIds: Map<string, string> }
type Params = Record<string, unknown> | undefined
type SocketContext = Context<Params, Extra & Partial<Carried>>

interface OperationContext {
  readonly asker: Asker
  readonly payload: SubscribePayload
}

export function createTransport(deps: TransportDeps): Transport {
  const { logger, access } = deps
  const sockets = new WebSocketServer({ noServer: true, maxPayload: deps.maxMessageBytes })

  function prepare(
    { extra, subscriptions }: SocketContext,
    id: string,
    payload: SubscribePayload,
  ): ExecutionArgs | readonly GraphQLError[] {
    const { askAs, requestIds } = extra
    if (askAs === undefined) return [refusal('UNAUTHENTICATED', 'nobody is signed in')]
    if (Object.keys(subscriptions).length > maxOperationsPerSocket) {
      return [refusal('RATE_LIMITED', 'too many operations at once on this socket')]
    }
    const requestId = deps.newRequestId()
    requestIds?.set(id, requestId)
    const schema = deps.schema()
    const document = prepareOperation(schema, payload)
    if (!('kind' in document)) return document
    const traceparent = newTraceparent()
    return {
      schema,
      document,
      operationName: payload.operationName ?? null,
      variableValues: payload.variables ?? {},
      contextValue: {
        asker: askAs({ requestId, traceparent }),
        payload,
      } satisfies OperationContext,
    }
  }

  function formatted(
    { extra }: SocketContext,
    id: string,
    errors: readonly (GraphQLError | GraphQLFormattedError)[],
  ): readonly GraphQLFormattedError[] {
    const format = createErrorFormatter(extra.requestIds?.get(id) ?? deps.newRequestId(), logger)
    // Queries and mutations have been formatted already.
    return errors.map((error) => (error instanceof GraphQLError ? format(error) : error))
  }

  const server = useServer<Params, Carried>(
    {
      onConnect: async ({ connectionParams, extra }) => {
        const { socket, request } = extra
        try {
          extra.askAs = await access.admitSocket({ socket, request, params: connectionParams })
          extra.requestIds = new Map()
          return true
        } catch (error) {
          refuseSocket(socket, error)
          return false
        }
      },
      onSubscribe: prepare,
      execute: async ({ document, contextValue }) => {
        const { asker, payload } = contextValue as OperationContext
        const operation = { ...payload, query: document }
        const { result } = await deps.operations.run(operation, asker.createCaller())
        return result as ExecutionResult
      },
      subscribe: ({ document, operationName, variableValues, contextValue }) => {
        const request = { document, operationName, variables: variableValues ?? {} }
        return deps.subscribe(request, (contextValue as OperationContext).asker)
      },
      onNext: (context, id, _payload, _args, result) =>
        result.errors === undefined
          ? undefined
          : { ...result, errors: formatted(context, id, result.errors) },
      onError: (context, id, _payload, errors) => formatted(context, id, errors),
      onComplete: ({ extra }, id) => void extra.requestIds?.delete(id),
    },
    sockets,
  )

  return {
    attach: (httpServer) => acceptUpgrades(httpServer, sockets, deps),
    close: async () => {
      const grace = setTimeout(() => {
        for (const socket of sockets.clients) socket.terminate()
      }, closeGraceMs)
      await server.dispose()
      clearTimeout(grace)
    },
  }
}
