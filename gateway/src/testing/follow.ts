import type { FormattedExecutionResult } from 'graphql'
import { createClient, type Client } from 'graphql-ws'
import { WebSocket } from 'ws'

export interface FollowOptions {
  readonly token?: string
  /** Headers of the upgrade request: a cookie, an origin. */
  readonly headers?: Readonly<Record<string, string>>
  /** What the first message says besides. */
  readonly params?: Readonly<Record<string, string>>
}

export interface Connected {
  readonly client: Client
  /** Resolves to the code and reason with which the socket was closed. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
  /** The socket of the latest connection. */
  socket(): WebSocket | undefined
  readonly follow: (query: string, variables?: Record<string, unknown>) => Followed
}

export type Result = FormattedExecutionResult<Record<string, unknown>>

export interface Followed {
  /** The next result; throws the errors that ended the subscription. */
  next(): Promise<Result | undefined>
  take(count: number): Promise<readonly Result[]>
  stop(): void
}

/** A client over graphql-ws that never reconnects by itself. */
export function connect(
  url: string,
  { token, headers = {}, params = {} }: FollowOptions = {},
): Connected {
  let latest: WebSocket | undefined
  const opened = (socket: WebSocket): void => {
    latest = socket
  }
  class SocketWithHeaders extends WebSocket {
    constructor(address: string, protocol: string) {
      super(address, protocol, { headers })
      opened(this)
    }
  }
  let close: (event: { code: number; reason: string }) => void = () => undefined
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    close = resolve
  })
  const client = createClient({
    url: `${url.replace(/^http/, 'ws')}/graphql`,
    webSocketImpl: SocketWithHeaders,
    retryAttempts: 0,
    connectionParams: {
      ...params,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    on: { closed: (event) => close(event as { code: number; reason: string }) },
  })
  return {
    client,
    closed,
    socket: () => latest,
    follow: (query, variables = {}) => {
      const results = client.iterate({ query, variables })
      const next = async (): Promise<Result | undefined> => {
        const { done, value } = (await results.next()) as IteratorResult<Result, undefined>
        return done === true ? undefined : value
      }
      return {
        next,
        take: async (count) => {
          const taken: Result[] = []
          while (taken.length < count) {
            const result = await next()
            if (result === undefined) break
            taken.push(result)
          }
          return taken
        },
        stop: () => void results.return?.(),
      }
    },
  }
}
