import type { GraphQLFormattedError } from 'graphql'
import { MessageType, parseMessage, stringifyMessage, type Message } from 'graphql-ws'
import { WebSocket } from 'ws'
import { AppError, isErrorCode } from '@heirloom/errors'
import type { JsonObject } from '../federation/json.js'
import { BoundedQueue } from './bounded-queue.js'

// One subscription at one subgraph over graphql-transport-ws
// (https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md), on a socket of its own.
// Phases: open, init (with the caller's token), acknowledged, subscribed, ended. Invariants: it
// never reconnects by itself, because only the caller knows where to go on; while the reader is
// behind, the socket is paused, so that the subgraph feels it and reads its log at that pace.

export interface UpstreamRequest {
  /** The subgraph's /graphql as ws:// or wss://. */
  readonly url: string
  readonly query: string
  readonly operationName?: string | undefined
  readonly variables: Readonly<Record<string, unknown>>
  /**
   * What says who asks, sent both with the upgrade and in the payload of `connection_init`; asked
   * for once, when the socket opens.
   */
  readonly headers: () => Promise<Readonly<Record<string, string>>>
}

export interface UpstreamEvent {
  readonly data?: JsonObject | null | undefined
  readonly errors?: readonly GraphQLFormattedError[] | undefined
  readonly extensions?: Readonly<Record<string, unknown>> | undefined
}

/** The socket broke: nobody said that the subscription is over. */
export class UpstreamBroken extends Error {
  override readonly name = 'UpstreamBroken'
  /** Whether it broke after the subscription was sent: the subgraph may have begun to follow. */
  readonly subscribed: boolean

  constructor(message: string, subscribed: boolean, cause?: unknown) {
    super(message, { cause })
    this.subscribed = subscribed
  }
}

/** The subgraph ended the subscription with an error. */
export class UpstreamRefused extends Error {
  override readonly name = 'UpstreamRefused'
  readonly error: AppError

  constructor(error: AppError) {
    super(error.message, { cause: error })
    this.error = error
  }
}

export type OpenUpstream = (
  request: UpstreamRequest,
  signal: AbortSignal,
) => AsyncGenerator<readonly UpstreamEvent[], void, void>

const subprotocol = 'graphql-transport-ws'
const handshakeTimeoutMs = 3_000
const acknowledgeTimeoutMs = 5_000
const heartbeatMs = 15_000
const maxMessageBytes = 16 * 1024 * 1024
const bufferedEvents = 64
const bufferedBytes = 4 * 1024 * 1024

/**
 * Yields what the subgraph sends, in order, as much at once as is there. Returns when the subgraph
 * completes or `signal` aborts; throws UpstreamBroken or UpstreamRefused.
 */
export const openUpstream: OpenUpstream = async function* (request, signal) {
  if (signal.aborted) return
  const headers = await request.headers()
  // An abort during that wait has passed: nobody would end what was opened now.
  if (isAborted(signal)) return
  const phase = { subscribed: false }
  const socket = new WebSocket(request.url, subprotocol, {
    headers: { ...headers },
    handshakeTimeout: handshakeTimeoutMs,
    maxPayload: maxMessageBytes,
  })
  const queue = new BoundedQueue<UpstreamEvent>({
    maxItems: bufferedEvents,
    maxBytes: bufferedBytes,
    onFull: () => socket.pause(),
    onDrained: () => socket.resume(),
  })
  const broken = (message: string, cause?: unknown): void =>
    queue.fail(new UpstreamBroken(message, phase.subscribed, cause))
  const stop = () => queue.discard()
  signal.addEventListener('abort', stop, { once: true })
  const acknowledge = setTimeout(() => socket.terminate(), acknowledgeTimeoutMs)
  const heartbeat = watchHeartbeat(socket)

  socket.on('open', () => {
    socket.send(stringifyMessage({ type: MessageType.ConnectionInit, payload: { ...headers } }))
  })
  socket.on('message', (text: Buffer) => {
    try {
      const message = parseMessage(text.toString('utf8'))
      if (message.type === MessageType.ConnectionAck) {
        clearTimeout(acknowledge)
        phase.subscribed = true
        socket.send(subscribeMessage(request))
        return
      }
      receive(socket, queue, message, text.length)
    } catch (cause) {
      broken('the subgraph sent what is no message', cause)
    }
  })
  socket.on('error', (cause) => broken('the socket failed', cause))
  socket.on('close', (code) => broken(`the socket closed with ${code}`))

  try {
    for (;;) {
      const events = await queue.take()
      if (events === undefined) return
      yield events
    }
  } finally {
    signal.removeEventListener('abort', stop)
    clearTimeout(acknowledge)
    clearInterval(heartbeat)
    queue.discard()
    leave(socket)
  }
}

/** Asked anew: the compiler takes what it saw before a wait for what holds after it. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted
}

const operationId = '1'

function subscribeMessage({ query, operationName, variables }: UpstreamRequest): string {
  const payload = { query, operationName, variables: { ...variables } }
  return stringifyMessage({ type: MessageType.Subscribe, id: operationId, payload })
}

function receive(
  socket: WebSocket,
  queue: BoundedQueue<UpstreamEvent>,
  message: Message,
  bytes: number,
): void {
  switch (message.type) {
    case MessageType.Next: {
      const event = message.payload as UpstreamEvent
      // A result without data is no event: the subscription was refused before it began.
      if (event.data !== undefined) return queue.push(event, bytes)
      return queue.fail(new UpstreamRefused(appErrorOf(event.errors?.[0])))
    }
    case MessageType.Error:
      return queue.fail(new UpstreamRefused(appErrorOf(message.payload[0])))
    case MessageType.Complete:
      return queue.end()
    case MessageType.Ping:
      socket.send(stringifyMessage({ type: MessageType.Pong }))
      return
    default:
  }
}

/** Ends a socket that stays silent over a whole beat, unless it is us who do not listen. */
function watchHeartbeat(socket: WebSocket): NodeJS.Timeout {
  let heard = true
  for (const sign of ['open', 'message', 'ping', 'pong']) {
    socket.on(sign, () => {
      heard = true
    })
  }
  return setInterval(() => {
    if (socket.isPaused || socket.readyState !== WebSocket.OPEN) return
    if (!heard) return socket.terminate()
    heard = false
    socket.ping()
  }, heartbeatMs)
}

function leave(socket: WebSocket): void {
  // A socket that is not open yet reports its own end as an error.
  socket.removeAllListeners()
  socket.on('error', () => undefined)
  if (socket.readyState !== WebSocket.OPEN) return socket.terminate()
  socket.resume()
  socket.send(stringifyMessage({ type: MessageType.Complete, id: operationId }))
  socket.close(1000)
}

function appErrorOf(error: GraphQLFormattedError | undefined): AppError {
  const { code, details } = error?.extensions ?? {}
  if (error === undefined || !isErrorCode(code)) {
    return new AppError('INTERNAL', 'something went wrong on our side', { cause: error })
  }
  const known = typeof details === 'object' && details !== null ? { ...details } : {}
  return new AppError(code, error.message, { details: known })
}
