import type { IncomingMessage, Server as HttpServer } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import {
  GraphQLError,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLFormattedError,
  OperationTypeNode,
} from 'graphql'
import { handleProtocols, makeServer, type Context, type SubscribePayload } from 'graphql-ws'
import { WebSocketServer, type WebSocket } from 'ws'
import { toAppError } from '@heirloom/errors'
import { newTraceparent, type Logger } from '@heirloom/telemetry'
import type { Access } from '../access.js'
import type { OperationPolicy } from '../federation/operation-policy.js'
import type { Operations } from '../federation/operations.js'
import type { ServedSupergraph } from '../federation/served-supergraph.js'
import type { Asker } from '../federation/subgraph-request.js'
import { chargeOperation } from '../guard/charge-operation.js'
import { refusal } from '../guard/documents.js'
import type { Charged, RateLimits, Taken } from '../guard/rate-limits.js'
import type { Admission } from './admission.js'
import { startHeartbeat } from './heartbeat.js'
import type { Hub } from './hub.js'
import { closeCodes, SocketConnection } from './socket-connection.js'
import { SocketStream } from './socket-stream.js'
import { acceptUpgrades } from './upgrade.js'

// GraphQL over WebSocket (graphql-transport-ws). Phases of a socket: upgrade (path, and where the
// request comes from), init (who asks, and from then on whether they still may), operations:
// subscriptions, and queries and mutations as they run over HTTP. The library minds the protocol;
// results of subscriptions go past it, because they are written once for many sockets.

export interface TransportDeps {
  /** What new operations run on at this moment. */
  readonly served: () => Pick<ServedSupergraph, 'supergraph' | 'documents'>
  readonly access: Pick<Access, 'assertMayUpgrade' | 'admitSocket'>
  readonly operations: Pick<Operations, 'run'>
  readonly hub: Pick<Hub, 'follow'>
  readonly admission: Admission
  readonly rateLimits: RateLimits
  readonly operationsPerSocket: number
  readonly policy: Pick<OperationPolicy, 'formatErrors'>
  readonly heartbeatMs: number
  readonly newRequestId: () => string
  readonly maxMessageBytes: number
  readonly logger: Logger
}

export interface Transport {
  attach(server: HttpServer): void
  readonly size: number
  /**
   * Lets nobody in any more, and tells everybody with 1001 (going away) to connect again: a few at
   * a time, each when what it waits for has been answered, and those that do not listen without a
   * word. Resolves when all are gone, within some seconds.
   */
  close(): Promise<void>
}

const leavingAtOnce = 250
const betweenMs = 20
const closeGraceMs = 5_000

/** What a socket carries from beginning to end. */
interface Carried {
  readonly connection: SocketConnection
  readonly requestIds: Map<string, string>
}
type Params = Record<string, unknown> | undefined
type SocketContext = Context<Params, Carried>

interface OperationContext {
  readonly id: string
  readonly connection: SocketConnection
  readonly asker: Asker
  readonly payload: SubscribePayload
}

export function createTransport(deps: TransportDeps): Transport {
  const { logger, access, rateLimits } = deps
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: deps.maxMessageBytes,
    handleProtocols,
  })
  const open = new Set<SocketConnection>()
  const heartbeat = startHeartbeat(deps.heartbeatMs)
  let isLeaving = false

  async function prepare(
    { extra, subscriptions }: SocketContext,
    id: string,
    payload: SubscribePayload,
  ): Promise<ExecutionArgs | readonly GraphQLError[]> {
    const { connection, requestIds } = extra
    const { askAs } = connection
    if (askAs === undefined) return [refusal('UNAUTHENTICATED', 'nobody is signed in')]
    const { operationsPerSocket: limit } = deps
    if (Object.keys(subscriptions).length > limit) {
      const message = `too many operations at once on this socket; the limit is ${limit}`
      return [refusal('RATE_LIMITED', message)]
    }
    const requestId = deps.newRequestId()
    requestIds.set(id, requestId)
    const asker = askAs({ requestId, traceparent: newTraceparent() })
    try {
      await rateLimits.arrived(connection.address)
      await rateLimits.asked(asker.who)
      return await read({ id, connection, asker, payload })
    } catch (error) {
      return [asGraphQLError(error)]
    }
  }

  async function read(
    contextValue: OperationContext,
  ): Promise<ExecutionArgs | readonly GraphQLError[]> {
    const { payload, asker } = contextValue
    const { operationName = null, variables } = payload
    const { supergraph, documents } = deps.served()
    const schema = supergraph.apiSchema
    const operation = documents.read(payload)
    if (!('id' in operation)) return operation
    // What runs queries and mutations charges them itself.
    if (operation.definition.operation === OperationTypeNode.SUBSCRIPTION) {
      const asked = { variables, charge: chargeTo(asker) }
      const charged = chargeOperation(schema, operation, asked)
      if (charged.refusal !== undefined) return [charged.refusal]
      await charged.taken
    }
    const { document } = operation
    return { schema, document, operationName, variableValues: variables ?? {}, contextValue }
  }

  function chargeTo({ who }: Asker): (charged: Charged) => Taken {
    return (charged) => rateLimits.charged(who, charged)
  }

  function follow({
    schema,
    document,
    operationName,
    variableValues,
    contextValue,
  }: ExecutionArgs): AsyncGenerator<never, void, void> | ExecutionResult {
    const { id, connection, asker } = contextValue as OperationContext
    const stream = new SocketStream(connection, id)
    try {
      stream.onceEnded(deps.admission.subscribe(asker.who))
      const request = { schema, document, operationName, variables: variableValues ?? {} }
      const followed = deps.hub.follow(request, asker, stream)
      if ('errors' in followed) {
        stream.end()
        return followed
      }
      stream.started(followed)
    } catch (error) {
      stream.end(toAppError(error))
    }
    return stream
  }

  function formatted(
    { extra }: SocketContext,
    id: string,
    errors: readonly (GraphQLError | GraphQLFormattedError)[],
  ): readonly GraphQLFormattedError[] {
    const requestId = extra.requestIds.get(id) ?? deps.newRequestId()
    const format = deps.policy.formatErrors(requestId, logger)
    // Queries and mutations have been formatted already.
    return errors.map((error) => (error instanceof GraphQLError ? format(error) : error))
  }

  const server = makeServer<Params, Carried>({
    onConnect: async ({ connectionParams, extra }) => {
      const { connection } = extra
      const { request } = connection
      // What was upgraded is not needed any more: ten thousand sockets keep nothing of it.
      connection.request = undefined
      if (request === undefined) return false
      try {
        connection.askAs = await access.admitSocket({
          watched: connection,
          request,
          params: connectionParams,
        })
        const { who } = connection.askAs({
          requestId: deps.newRequestId(),
          traceparent: newTraceparent(),
        })
        const release = deps.admission.connect(who)
        if (connection.isOpen) connection.onceClosed(release)
        else release()
        return true
      } catch (error) {
        connection.refuse(toAppError(error))
        return false
      }
    },
    onSubscribe: prepare,
    execute: async ({ contextValue }) => {
      const { asker, payload, connection } = contextValue as OperationContext
      connection.running += 1
      try {
        const operation = { ...payload, charge: chargeTo(asker) }
        const { result } = await deps.operations.run(operation, asker.createCaller())
        return result as ExecutionResult
      } catch (error) {
        return { errors: [asGraphQLError(error)] }
      } finally {
        // After the answer has been written, which the library does next.
        setImmediate(() => connection.finished())
      }
    },
    subscribe: follow,
    onNext: (context, id, _payload, _args, result) =>
      result.errors === undefined
        ? undefined
        : { ...result, errors: formatted(context, id, result.errors) },
    onError: (context, id, _payload, errors) => formatted(context, id, errors),
    onComplete: ({ extra }, id) => void extra.requestIds.delete(id),
  })

  function serve(socket: WebSocket, raw: Socket, request: IncomingMessage): void {
    const connection = new SocketConnection(socket, raw, request, rateLimits.addressOf(request))
    open.add(connection)
    heartbeat.watch(connection)
    const opened = server.opened(
      {
        protocol: connection.protocol,
        send: (text) => connection.send(text),
        close: (code, reason) => connection.close(code, reason),
        onMessage: (receive) => {
          socket.on('message', (data) => {
            connection.isHeard = true
            receive(textOf(data)).catch((error: unknown) => {
              logger.error({ err: error }, 'a message over a socket was not handled')
              connection.close(closeCodes.internal, 'INTERNAL')
            })
          })
        },
      },
      { connection, requestIds: new Map() },
    )
    socket.on('pong', () => {
      connection.isHeard = true
    })
    socket.once('close', (code, reason) => {
      open.delete(connection)
      void opened(code, reason.toString('utf8'))
    })
  }

  return {
    get size() {
      return open.size
    },
    attach: (httpServer) =>
      acceptUpgrades(httpServer, sockets, {
        ...deps,
        serve,
        isLeaving: () => isLeaving,
      }),
    close: async () => {
      isLeaving = true
      const giveUpAt = Date.now() + closeGraceMs
      let told = 0
      for (const connection of open) {
        connection.leave()
        told += 1
        if (told % leavingAtOnce === 0) await delay(betweenMs)
      }
      while (open.size > 0 && Date.now() < giveUpAt) await delay(betweenMs)
      for (const connection of open) connection.terminate()
      heartbeat.stop()
    },
  }
}

/** With what is known of it, or masked where it is told. */
function asGraphQLError(error: unknown): GraphQLError {
  const originalError = toAppError(error)
  return new GraphQLError(originalError.message, { originalError })
}

function textOf(data: unknown): string {
  return Array.isArray(data) ? Buffer.concat(data as Buffer[]).toString('utf8') : String(data)
}
