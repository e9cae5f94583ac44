import { createClient } from 'graphql-ws'
import { answerError, HeirloomError, type GraphQLAnswerError } from './heirloom-error.js'
import type { Variables } from './http.js'

export interface SocketOptions {
  readonly url: string
  /** A WebSocket class; the platform's own when it is not given. */
  readonly webSocketImpl: unknown
  readonly connectionParams: Record<string, unknown> | undefined
}

export interface EventResult {
  readonly data?: unknown
  readonly errors?: readonly GraphQLAnswerError[]
}

/** Events that wait for a slow consumer; beyond them the socket is given up and resumed later. */
export const maxWaitingEvents = 1_000
const connectTimeoutMs = 15_000
const pingIntervalMs = 15_000
const pongTimeoutMs = 10_000

/**
 * One subscription over one socket of its own, from connecting to its end, in order. It never
 * reconnects: whoever reads it knows the cursor to go on from. Returns when the server completes
 * it or the signal aborts.
 *
 * @throws HeirloomError for every other end
 */
export async function* readSocket(
  options: SocketOptions,
  payload: { query: string; variables: Variables },
  signal: AbortSignal,
): AsyncGenerator<EventResult> {
  const waiting: EventResult[] = []
  let end: { readonly error?: HeirloomError } | undefined
  let wake = (): void => undefined
  const finish = (error?: HeirloomError): void => {
    end ??= error === undefined ? {} : { error }
    wake()
  }
  const stop = (): void => finish()
  const lost = (message: string): void =>
    finish(new HeirloomError('CONNECTION_LOST', message, { retryable: true }))

  let timer = setTimeout(() => lost(`${options.url} did not take the connection`), connectTimeoutMs)
  const client = createClient({
    url: options.url,
    webSocketImpl: options.webSocketImpl,
    ...(options.connectionParams === undefined
      ? {}
      : { connectionParams: options.connectionParams }),
    retryAttempts: 0,
    keepAlive: pingIntervalMs,
    on: {
      connected: () => clearTimeout(timer),
      ping: (received) => {
        if (received) return
        clearTimeout(timer)
        timer = setTimeout(() => lost('the connection went silent'), pongTimeoutMs)
      },
      pong: (received) => {
        if (received) clearTimeout(timer)
      },
      // graphql-ws would answer a normal closure by subscribing anew from the old cursor.
      closed: (event) => {
        finish(closeError(event))
        unsubscribe()
      },
      error: (error) => finish(socketError(error, options.url)),
    },
  })
  const unsubscribe = client.subscribe<unknown>(payload, {
    next: (result) => {
      if (end !== undefined) return
      if (waiting.length >= maxWaitingEvents) {
        finish(tooSlow())
        unsubscribe()
        return
      }
      waiting.push(result)
      wake()
    },
    error: (error) => finish(subscriptionError(error, options.url)),
    complete: stop,
  })
  signal.addEventListener('abort', stop)
  if (signal.aborted) stop()

  try {
    for (;;) {
      const next = signal.aborted ? undefined : waiting.shift()
      if (next !== undefined) yield next
      else if (end === undefined) await new Promise<void>((resolve) => (wake = resolve))
      else if (end.error !== undefined && !signal.aborted) throw end.error
      else return
    }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
    unsubscribe()
    // A socket that never opens is left to the platform: there is nothing to wait for.
    void Promise.resolve(client.dispose()).catch(() => undefined)
  }
}

function tooSlow(): HeirloomError {
  const message = `onEvent is slower than the stream: ${maxWaitingEvents} events were waiting`
  return new HeirloomError('CONSUMER_TOO_SLOW', message, { retryable: true })
}

function subscriptionError(error: unknown, url: string): HeirloomError {
  if (Array.isArray(error)) return answerError(error)
  return isClose(error) ? closeError(error) : socketError(error, url)
}

function isClose(error: unknown): error is { code: number; reason: string } {
  return typeof error === 'object' && error !== null && 'code' in error && 'reason' in error
}

/** Close codes of the graphql-transport-ws protocol that no later attempt would cure. */
const finalCloses: Readonly<Record<number, string>> = {
  4400: 'INVALID_INPUT',
  4401: 'UNAUTHENTICATED',
  4403: 'FORBIDDEN',
  4406: 'BAD_ANSWER',
}

function closeError(event: unknown): HeirloomError {
  const { code, reason } = isClose(event) ? event : { code: 1006, reason: '' }
  const final = finalCloses[code]
  const said = `the socket was closed (${code}${reason === '' ? '' : `: ${reason}`})`
  if (final === undefined) return new HeirloomError('CONNECTION_LOST', said, { retryable: true })
  // The gateway gives its own code as the reason.
  return new HeirloomError(/^[A-Z_]+$/.test(reason) ? reason : final, said)
}

function socketError(error: unknown, url: string): HeirloomError {
  const message =
    typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : ''
  // What the `ws` package says of an upgrade that was answered like a request.
  const status = /Unexpected server response: (\d+)/.exec(message)?.[1]
  if (status === '401') return new HeirloomError('UNAUTHENTICATED', `${url} asks for a valid token`)
  if (status === '403') return new HeirloomError('FORBIDDEN', `${url} refused the connection`)
  return new HeirloomError(
    'CONNECTION_LOST',
    `${url} cannot be reached: ${message || 'no answer'}`,
    {
      retryable: true,
      cause: error,
    },
  )
}
