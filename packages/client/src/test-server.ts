import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  GraphQLError,
  GraphQLID,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
  graphql,
} from 'graphql'
import { createHandler } from 'graphql-sse/lib/use/http'
import { useServer } from 'graphql-ws/use/ws'
import { WebSocketServer } from 'ws'

/**
 * A GraphQL server over a log in memory, for tests: it answers `timelineEnd` over HTTP, streams
 * `timeline` over graphql-ws strictly after a cursor, and cuts its connections when told to.
 */
export interface LogServer {
  readonly url: string
  /** Tokens that are good; every token is, while it is empty. */
  readonly tokens: Set<string>
  /** Whether it sends everything again, after whatever cursor. */
  forgetful: boolean
  /** Called before each event is sent; may cut the connection or throw. */
  beforeSend: (position: number) => void
  /** What the next subscriptions end with instead of starting. */
  refuse: GraphQLError | null
  /** The close code for the next connections, instead of an acknowledgement. */
  refuseConnection: { code: number; reason: string } | null
  append(count: number): void
  /** Whether WebSockets are answered like requests, as a proxy that knows none does. */
  noWebSockets: boolean
  /** Responses of SSE that were begun. */
  readonly eventStreams: number
  /** Ends every open socket and response: without a goodbye, or with this close code. */
  cut(code?: number): void
  readonly connections: number
  /** Connections that are open now, of either kind. */
  readonly open: number
  readonly tokensSeen: readonly string[]
  close(): Promise<void>
}

export const cursorOf = (position: number): string => `at-${position}`

export async function startLogServer(): Promise<LogServer> {
  let length = 0
  let connections = 0
  let eventStreams = 0
  const waiting = new Set<() => void>()
  const tokensSeen: string[] = []
  const wakeAll = (): void => {
    for (const wake of waiting) wake()
  }

  /** Throws at once, as a resolver does, what refuses a subscription. */
  function follow(after: string | undefined | null): AsyncGenerator {
    const position = after === undefined || after === null ? length : Number(after.slice(3))
    if (!Number.isInteger(position)) {
      throw new GraphQLError('the cursor cannot be read', {
        extensions: { code: 'CURSOR_INVALID', retryable: false },
      })
    }
    if (state.refuse !== null) throw state.refuse
    return read(state.forgetful ? 0 : position)
  }

  async function* read(from: number): AsyncGenerator {
    let position = from
    for (;;) {
      while (position < length) {
        position += 1
        state.beforeSend(position)
        yield { timeline: { cursor: cursorOf(position), id: String(position) } }
      }
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          waiting.delete(wake)
          resolve()
        }
        waiting.add(wake)
      })
    }
  }

  const event = new GraphQLObjectType({
    name: 'StreamEvent',
    fields: {
      cursor: { type: new GraphQLNonNull(GraphQLString) },
      id: { type: new GraphQLNonNull(GraphQLID) },
      type: { type: GraphQLString, resolve: () => 'Told' },
    },
  })
  const legacyId = { type: new GraphQLNonNull(GraphQLID) }
  const schema = new GraphQLSchema({
    query: new GraphQLObjectType({
      name: 'Query',
      fields: {
        timelineEnd: {
          type: GraphQLString,
          args: { legacyId },
          resolve: (_source, args: { legacyId: string }) => {
            if (args.legacyId !== 'missing') return cursorOf(length)
            throw new GraphQLError('there is no such legacy', {
              extensions: { code: 'NOT_FOUND', retryable: false },
            })
          },
        },
      },
    }),
    subscription: new GraphQLObjectType({
      name: 'Subscription',
      fields: {
        timeline: {
          type: event,
          args: { legacyId, after: { type: GraphQLString } },
          subscribe: (_source, args: { after?: string | null }) => follow(args.after),
        },
      },
    }),
  })

  const isGood = (authorization: unknown): boolean => {
    const token = String(authorization).replace('Bearer ', '')
    tokensSeen.push(token)
    return state.tokens.size === 0 || state.tokens.has(token)
  }
  const sse = createHandler({ schema })
  const responses = new Set<ServerResponse>()
  const http = createServer((request, response) => {
    if (request.url === '/graphql/stream') {
      eventStreams += 1
      responses.add(response)
      response.on('close', () => responses.delete(response))
      void sse(request, response)
      return
    }
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      response.setHeader('content-type', 'application/json')
      if (!isGood(request.headers.authorization)) {
        response.statusCode = 401
        const error = {
          code: 'UNAUTHENTICATED',
          message: 'the token is not good',
          retryable: false,
        }
        response.end(JSON.stringify({ error }))
        return
      }
      const { query, variables } = JSON.parse(Buffer.concat(chunks).toString()) as {
        query: string
        variables: Record<string, unknown>
      }
      void graphql({ schema, source: query, variableValues: variables }).then((result) =>
        response.end(JSON.stringify(result)),
      )
    })
  })
  const sockets = new WebSocketServer({ noServer: true })
  http.on('upgrade', (request, socket, head) => {
    if (state.noWebSockets) {
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')
      return
    }
    sockets.handleUpgrade(request, socket, head, (accepted) => {
      sockets.emit('connection', accepted, request)
    })
  })
  sockets.on('connection', () => {
    connections += 1
  })
  const transport = useServer(
    {
      schema,
      onConnect: ({ connectionParams, extra }) => {
        const { refuseConnection } = state
        if (refuseConnection !== null) {
          extra.socket.close(refuseConnection.code, refuseConnection.reason)
          return true
        }
        return isGood(connectionParams?.['authorization'])
      },
    },
    sockets,
  )
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo

  const state: LogServer = {
    url: `http://127.0.0.1:${port}/graphql`,
    tokens: new Set(),
    forgetful: false,
    beforeSend: () => undefined,
    refuse: null,
    refuseConnection: null,
    noWebSockets: false,
    get eventStreams() {
      return eventStreams
    },
    append: (count) => {
      length += count
      wakeAll()
    },
    cut: (code) => {
      for (const socket of sockets.clients) {
        if (code === undefined) socket.terminate()
        else socket.close(code)
      }
      for (const response of responses) response.socket?.destroy()
    },
    get connections() {
      return connections
    },
    get open() {
      return sockets.clients.size + responses.size
    },
    tokensSeen,
    close: async () => {
      await transport.dispose()
      for (const socket of sockets.clients) socket.terminate()
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  }
  return state
}
