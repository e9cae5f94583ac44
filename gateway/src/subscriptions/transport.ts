import type { IncomingMessage, Server as HttpServer } from 'node:http'
import type { Duplex } from 'node:stream'
import {
  getOperationAST,
  GraphQLError,
  parse,
  specifiedRules,
  validate,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLFormattedError,
  type GraphQLSchema,
} from 'graphql'
import { type Context, type SubscribePayload } from 'graphql-ws'
import { useServer, type Extra } from 'graphql-ws/use/ws'
import { WebSocketServer, type WebSocket } from 'ws'
import { AppError, errorEnvelope, hasCode, toAppError } from '@heirloom/errors'
import { newTraceparent, type Logger } from '@heirloom/telemetry'
import type { TenantContext } from '@heirloom/tenancy'
import {
  assertOwnOrigin,
  usesCookie,
  type Authenticate,
  type Authenticated,
  type Credentials,
} from '../auth/authenticate.js'
import { contextOf, isSameIdentity } from '../auth/identity.js'
import type { Sessions } from '../auth/sessions.js'
import type { CreateCaller } from '../federation/caller.js'
import { createErrorFormatter } from '../federation/format-error.js'
import type { Operations } from '../federation/operations.js'
import { maxTokens, operationLimits } from '../guard/operation-limits.js'
import type { Subscribe } from './federated-subscription.js'

// GraphQL over WebSocket (graphql-transport-ws). Phases of a socket: upgrade (path and, with a
// cookie, the page it comes from), init (who asks), operations. Who asks is looked at again all
// the while: a socket never outlives its token or its session by more than `checkEveryMs`.

export interface TransportDeps {
  readonly schema: GraphQLSchema
  readonly publicUrl: URL
  readonly credentialsOf: (request: IncomingMessage) => Credentials
  readonly authenticate: Authenticate
  readonly sessions: Sessions
  readonly operations: Operations
  readonly subscribe: Subscribe
  readonly createCaller: CreateCaller
  readonly newRequestId: () => string
  readonly maxMessageBytes: number
  readonly logger: Logger
  /** How often a socket's session is looked at again. */
  readonly checkEveryMs?: number | undefined
  readonly now: () => number
}

export interface Transport {
  attach(server: HttpServer): void
  /** Ends every socket with 1001 (going away). */
  close(): Promise<void>
}

const defaultCheckEveryMs = 10_000
const maxOperationsPerSocket = 100
const unauthenticatedCloseCode = 4403
const tryAgainLaterCloseCode = 1013

/** What a socket carries from init on; the library adds the socket and the upgrade request. */
type Carried = { authenticated: Authenticated }
type Params = Record<string, unknown> | undefined

interface OperationContext {
  readonly tenant: TenantContext
  readonly payload: SubscribePayload
}

type SocketContext = Context<Params, Extra & Partial<Carried>>

export function createTransport(deps: TransportDeps): Transport {
  const { logger, authenticate, now } = deps
  const checkEveryMs = deps.checkEveryMs ?? defaultCheckEveryMs
  const sockets = new WebSocketServer({ noServer: true, maxPayload: deps.maxMessageBytes })
  const bySession = new Map<string, Set<WebSocket>>()
  const requestIds = new WeakMap<WebSocket, Map<string, string>>()

  deps.sessions.onEnd((sessionId) => {
    for (const socket of bySession.get(sessionId) ?? []) {
      socket.close(unauthenticatedCloseCode, 'UNAUTHENTICATED')
    }
  })

  const server = useServer<Params, Carried>(
    {
      onConnect: async ({ connectionParams, extra }) => {
        const { socket, request } = extra
        const credentials = credentialsOf(connectionParams, request)
        try {
          const authenticated = await authenticate(credentials)
          extra.authenticated = authenticated
          watch(socket, credentials, authenticated)
          return true
        } catch (error) {
          refuse(socket, error)
          return false
        }
      },
      onSubscribe: (context, id, payload) => {
        const requestId = deps.newRequestId()
        idsOf(context).set(id, requestId)
        if (Object.keys(context.subscriptions).length > maxOperationsPerSocket) {
          return [refusal('RATE_LIMITED', 'too many operations at once on this socket')]
        }
        return prepare(context, payload, requestId)
      },
      execute: async (args) => {
        const { tenant, payload } = args.contextValue as OperationContext
        const { result } = await deps.operations.run(
          { ...payload, query: args.document },
          deps.createCaller(tenant),
        )
        return result as ExecutionResult
      },
      subscribe: (args) =>
        deps.subscribe(
          {
            document: args.document,
            operationName: args.operationName,
            variables: args.variableValues ?? {},
          },
          (args.contextValue as OperationContext).tenant,
        ),
      onNext: (context, id, _payload, _args, result) =>
        result.errors === undefined
          ? undefined
          : { ...result, errors: formatted(context, id, result.errors) },
      onError: (context, id, _payload, errors) => formatted(context, id, errors),
      onComplete: (context, id) => void idsOf(context).delete(id),
    },
    sockets,
  )

  function credentialsOf(
    params: Readonly<Record<string, unknown>> | undefined,
    request: IncomingMessage,
  ): Credentials {
    const sent = deps.credentialsOf(request)
    const authorization = params?.['authorization'] ?? params?.['Authorization']
    return typeof authorization === 'string' ? { ...sent, authorization } : sent
  }

  function prepare(
    { extra }: SocketContext,
    payload: SubscribePayload,
    requestId: string,
  ): ExecutionArgs | readonly GraphQLError[] {
    const identity = extra.authenticated?.identity
    if (identity === undefined) return [refusal('UNAUTHENTICATED', 'this socket knows nobody')]
    const document = parsed(payload.query)
    if (document instanceof GraphQLError) return [document]
    const invalid = validate(deps.schema, document, [...specifiedRules, ...operationLimits])
    if (invalid.length > 0) return invalid.map(asValidationError)
    if (getOperationAST(document, payload.operationName) === null) {
      return [refusal('INVALID_INPUT', 'name the operation of the document that is to run')]
    }
    const tenant = contextOf(identity, { requestId, traceparent: newTraceparent() })
    return {
      schema: deps.schema,
      document,
      operationName: payload.operationName ?? null,
      variableValues: payload.variables ?? {},
      contextValue: { tenant, payload } satisfies OperationContext,
    }
  }

  function formatted(
    context: SocketContext,
    id: string,
    errors: readonly (GraphQLError | GraphQLFormattedError)[],
  ): readonly GraphQLFormattedError[] {
    const format = createErrorFormatter(idsOf(context).get(id) ?? deps.newRequestId(), logger)
    // Queries and mutations have been formatted already.
    return errors.map((error) => (error instanceof GraphQLError ? format(error) : error))
  }

  function idsOf({ extra }: SocketContext): Map<string, string> {
    const known = requestIds.get(extra.socket) ?? new Map<string, string>()
    requestIds.set(extra.socket, known)
    return known
  }

  /** Looks again at who asks, until the socket closes, and closes it when they may no longer. */
  function watch(socket: WebSocket, credentials: Credentials, first: Authenticated): void {
    const sessionId = first.session?.id
    if (sessionId !== undefined) {
      const open = bySession.get(sessionId) ?? new Set()
      bySession.set(sessionId, open.add(socket))
      socket.once('close', () => {
        open.delete(socket)
        if (open.size === 0) bySession.delete(sessionId)
      })
    }
    let timer = setTimeout(() => void check(), waitMs(first))
    socket.once('close', () => clearTimeout(timer))

    function waitMs({ identity, session }: Authenticated): number {
      const untilExpiry = Math.max(0, identity.expiresAtMs - now())
      return session === undefined ? untilExpiry : Math.min(checkEveryMs, untilExpiry)
    }

    async function check(): Promise<void> {
      try {
        const next = await recheck()
        if (next !== undefined) timer = setTimeout(() => void check(), next)
      } catch (error) {
        refuse(socket, error)
      }
    }

    /** Resolves to when to look again. */
    async function recheck(): Promise<number | undefined> {
      if (socket.readyState !== socket.OPEN) return undefined
      if (first.session === undefined) {
        throw new AppError('TOKEN_EXPIRED', 'the token has expired; connect with a new one')
      }
      const current = await authenticate(credentials)
      if (!isSameIdentity(current.identity, first.identity)) {
        throw new AppError('FORBIDDEN', 'rights have changed; connect again')
      }
      return Math.max(minCheckMs, waitMs(current))
    }
  }

  return {
    attach: (httpServer) => {
      httpServer.on('upgrade', (request, socket, head) => {
        // Node takes its own listener off an upgraded socket; a reset would end the process.
        socket.on('error', () => socket.destroy())
        try {
          assertMayUpgrade(deps, request)
        } catch (error) {
          return rejectUpgrade(socket, toAppError(error), deps.newRequestId())
        }
        sockets.handleUpgrade(request, socket, head, (accepted) => {
          // The library prints what a socket reports; a client that breaks off is not worth it.
          accepted.on('error', (error) => logger.debug({ err: error }, 'a socket failed'))
          sockets.emit('connection', accepted, request)
        })
      })
    },
    close: async () => {
      await server.dispose()
    },
  }
}

const minCheckMs = 250

/** @throws AppError NOT_FOUND, CSRF_REJECTED */
function assertMayUpgrade(deps: TransportDeps, request: IncomingMessage): void {
  const { pathname } = new URL(request.url ?? '/', deps.publicUrl)
  if (pathname !== '/graphql') {
    throw new AppError('NOT_FOUND', 'WebSockets are served at /graphql')
  }
  if (usesCookie(deps.credentialsOf(request))) {
    assertOwnOrigin(request.headers.origin, deps.publicUrl)
  }
}

function rejectUpgrade(socket: Duplex, error: AppError, requestId: string): void {
  const body = JSON.stringify(errorEnvelope(error, requestId))
  socket.end(
    [
      `HTTP/1.1 ${error.status} ${error.code}`,
      'Connection: close',
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  )
}

/** The close code says whether to sign in again or to try again; the reason is our error code. */
function refuse(socket: WebSocket, error: unknown): void {
  const isOutage = hasCode(error, 'BACKEND_UNAVAILABLE') || hasCode(error, 'TIMEOUT')
  const known = toAppError(error)
  socket.close(isOutage ? tryAgainLaterCloseCode : unauthenticatedCloseCode, known.code)
}

function parsed(query: string): DocumentNode | GraphQLError {
  try {
    return parse(query, { maxTokens })
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error
    return coded(error, 'GRAPHQL_PARSE_FAILED')
  }
}

function asValidationError(error: GraphQLError): GraphQLError {
  return error.extensions['code'] === undefined ? coded(error, 'GRAPHQL_VALIDATION_FAILED') : error
}

function coded(error: GraphQLError, code: string): GraphQLError {
  return new GraphQLError(error.message, {
    nodes: error.nodes,
    source: error.source,
    positions: error.positions,
    extensions: { ...error.extensions, code },
  })
}

function refusal(code: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code } })
}
