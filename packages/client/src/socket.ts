import type { Variables } from './http.js'
import {
  answerError,
  connectionLost,
  HeirloomError,
  recordOf,
  type GraphQLAnswerError,
} from './heirloom-error.js'
import { createMailbox } from './mailbox.js'
import type { Surroundings } from './surroundings.js'

/*
 * One subscription over one WebSocket of its own, by the protocol graphql-transport-ws
 * (https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md). Phases: opening,
 * acknowledged and subscribed, ended. It never reconnects: whoever reads it knows the cursor to go
 * on from. Invariant: after its end nothing that the socket still says is heard.
 */
export interface SocketOptions {
  readonly url: string
  /** A WebSocket class. */
  readonly webSocketImpl: unknown
  readonly connectionParams: Record<string, unknown> | undefined
  readonly surroundings: Surroundings
  /** Called when the server has taken the connection. */
  readonly onOpen: () => void
}

export interface EventResult {
  readonly data?: unknown
  readonly errors?: readonly GraphQLAnswerError[]
}

/** The part of a WebSocket that is used; `terminate` is that of the `ws` package. */
interface WebSocketLike {
  readonly readyState: number
  addEventListener(type: string, listener: (event: unknown) => void): void
  send(text: string): void
  close(code?: number, reason?: string): void
  terminate?(): void
}
type WebSocketClass = new (url: string, protocol: string) => WebSocketLike

const open = 1
const connectTimeoutMs = 15_000
const pingIntervalMs = 15_000
const pongTimeoutMs = 10_000
/** After a hint that the network may have changed; a living connection answers sooner. */
const probeTimeoutMs = 4_000

/**
 * Results from connecting to the end, in order. Returns when the server completes the subscription
 * or the signal aborts.
 * @throws HeirloomError for every other end
 */
export async function* readSocket(
  options: SocketOptions,
  payload: { query: string; variables: Variables },
  signal: AbortSignal,
): AsyncGenerator<EventResult> {
  const mailbox = createMailbox<EventResult>(signal)
  const socket = new (options.webSocketImpl as WebSocketClass)(options.url, 'graphql-transport-ws')
  let acknowledged = false
  let failure: unknown
  let silence: ReturnType<typeof setTimeout> | undefined

  const send = (message: object): void => {
    if (socket.readyState === open) socket.send(JSON.stringify(message))
  }
  const expectWithin = (timeoutMs: number, message: string): void => {
    clearTimeout(silence)
    silence = setTimeout(() => mailbox.fail(connectionLost(message)), timeoutMs)
  }
  const probe = (timeoutMs: number): void => {
    if (!acknowledged) return
    send({ type: 'ping' })
    expectWithin(timeoutMs, 'the connection went silent')
  }

  socket.addEventListener('open', () =>
    send({ type: 'connection_init', payload: options.connectionParams }),
  )
  socket.addEventListener('message', (event) => {
    const message = parsed(recordOf(event)['data'])
    // Whatever is heard shows that the connection lives.
    if (acknowledged) clearTimeout(silence)
    switch (message['type']) {
      case 'connection_ack':
        acknowledged = true
        clearTimeout(silence)
        options.onOpen()
        return send({ type: 'subscribe', id: '1', payload })
      case 'ping':
        return send({ type: 'pong' })
      case 'pong':
        return
      case 'next':
        return mailbox.put(message['payload'] as EventResult)
      case 'error':
        return mailbox.fail(answerError(message['payload'] as readonly GraphQLAnswerError[]))
      case 'complete':
        return mailbox.end()
      default:
        mailbox.fail(new HeirloomError('BAD_ANSWER', `${options.url} does not speak the protocol`))
    }
  })
  // Stays until the end: `ws` also says by an error that a socket which opens is left.
  socket.addEventListener('error', (event) => {
    failure = event
  })
  socket.addEventListener('close', (event) =>
    mailbox.fail(closeError(event, failure, options.url, acknowledged)),
  )
  expectWithin(connectTimeoutMs, `${options.url} did not take the connection`)
  const beat = setInterval(() => probe(pongTimeoutMs), pingIntervalMs)
  const unsubscribe = options.surroundings.onHint(() => probe(probeTimeoutMs))

  try {
    yield* mailbox.read()
  } finally {
    clearTimeout(silence)
    clearInterval(beat)
    unsubscribe()
    leave(socket, acknowledged)
  }
}

function parsed(data: unknown): Readonly<Record<string, unknown>> {
  try {
    return recordOf(JSON.parse(String(data)))
  } catch {
    return {}
  }
}

function leave(socket: WebSocketLike, acknowledged: boolean): void {
  if (socket.readyState === open && acknowledged) {
    socket.send(JSON.stringify({ type: 'complete', id: '1' }))
  }
  socket.close(1000, 'done')
  // A peer that is gone never answers the goodbye, and `ws` would wait for it for half a minute.
  if (socket.terminate !== undefined) setTimeout(() => socket.terminate?.(), 1_000).unref()
}

/** Close codes of the protocol that no later attempt would cure. */
const finalCloses: Readonly<Record<number, string>> = {
  4400: 'INVALID_INPUT',
  4401: 'UNAUTHENTICATED',
  4403: 'FORBIDDEN',
  4406: 'BAD_ANSWER',
}

function closeError(
  event: unknown,
  failure: unknown,
  url: string,
  acknowledged: boolean,
): HeirloomError {
  const { code, reason } = recordOf(event)
  const closeCode = typeof code === 'number' ? code : 1006
  const because = typeof reason === 'string' ? reason : ''
  const { message } = recordOf(failure)
  const known = typeof message === 'string' ? message : ''
  // What the `ws` package says of an upgrade that was answered like a request.
  const status = /Unexpected server response: (\d+)/.exec(known)?.[1]
  if (status === '401') return new HeirloomError('UNAUTHENTICATED', `${url} asks for a valid token`)
  if (status === '403') return new HeirloomError('FORBIDDEN', `${url} refused the connection`)
  if (closeCode === 1006 && !acknowledged) {
    return connectionLost(`${url} cannot be reached: ${known || 'no answer'}`, failure)
  }
  const final = finalCloses[closeCode]
  const said = `the socket was closed (${closeCode}${because === '' ? '' : `: ${because}`})`
  // The gateway gives its own code as the reason.
  const named = /^[A-Z_]+$/.test(because) ? because : undefined
  return new HeirloomError(named ?? final ?? 'CONNECTION_LOST', said, {
    retryable: final === undefined,
  })
}
