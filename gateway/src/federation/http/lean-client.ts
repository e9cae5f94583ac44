import { ConnectionLost, LeanConnection, type Pieces } from './lean-connection.js'
import type { HttpAnswer } from './response-parser.js'

export interface Post {
  /** Header lines as they are sent, each ended by CRLF; what the client adds itself is left out. */
  readonly fields: string
  readonly body: string
  /** The request changes nothing: it may be sent again when an idle connection turns out closed. */
  readonly isRepeatable: boolean
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/** One server, over kept-alive connections. */
export interface HttpClient {
  /**
   * Resolves to the whole answer, whatever its status.
   * @throws TimeoutError (DOMException), the reason of the signal, BadAnswer, ConnectionLost, Busy
   */
  post(post: Post): Promise<HttpAnswer>
  close(): void
}

export interface LeanClientOptions {
  readonly url: URL
  readonly maxConnections: number
  readonly connectTimeoutMs: number
  readonly maxAnswerBytes: number
  readonly keepAliveMs: number
}

/** More wait for a connection than there is any hope for. */
export class Busy extends Error {
  override readonly name = 'Busy'
}

const maxWaiting = 4_096
const maxAttempts = 3
const defaultPort = 80

interface Waiting {
  readonly resolve: (connection: LeanConnection) => void
  readonly reject: (error: Error) => void
}

/** HTTP/1.1 over plain sockets, for what a gateway needs of it: POST, and the whole answer. */
export function createLeanClient(options: LeanClientOptions): HttpClient {
  const { url, maxConnections, keepAliveMs } = options
  const address = {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? defaultPort : Number(url.port),
  }
  const start =
    `POST ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\n` +
    'connection: keep-alive\r\ncontent-type: application/json\r\naccept: application/json\r\n'
  const open = new Set<LeanConnection>()
  // The one used last is used next, so that those not needed grow old and are closed.
  const idle: LeanConnection[] = []
  const waiting = new Set<Waiting>()
  let isClosed = false

  const sweep = setInterval(() => closeIdle(performance.now()), keepAliveMs / 2)
  sweep.unref()

  return {
    post: async ({ body, fields, signal, timeoutMs, isRepeatable }) => {
      if (signal?.aborted === true) throw abortReason(signal)
      const bytes = Buffer.byteLength(body)
      const head = `${start}${fields}content-length: ${bytes}\r\n\r\n`
      // Most bodies are ASCII: the same bytes in Latin-1, and one piece with the head.
      const pieces: Pieces = bytes === body.length ? [head + body] : [head, body]
      const turn: Turn = { connection: undefined, waits: undefined, ended: undefined }
      const timer = setTimeout(endByTime, timeoutMs, turn, timeoutMs)
      const abort = signal === undefined ? undefined : () => endTurn(turn, abortReason(signal))
      if (abort !== undefined) signal?.addEventListener('abort', abort, { once: true })
      try {
        return await exchange(turn, pieces, isRepeatable)
      } finally {
        clearTimeout(timer)
        if (abort !== undefined) signal?.removeEventListener('abort', abort)
      }
    },
    close: () => {
      isClosed = true
      clearInterval(sweep)
      for (const { reject } of waiting) reject(new Error('the client is closed'))
      waiting.clear()
      for (const connection of Array.from(open)) connection.destroy()
    },
  }

  async function exchange(turn: Turn, pieces: Pieces, isRepeatable: boolean): Promise<HttpAnswer> {
    for (let attempt = 1; ; attempt += 1) {
      const connection = freshest() ?? (await another(turn))
      turn.connection = connection
      if (turn.ended !== undefined) {
        release(connection)
        throw turn.ended
      }
      const isReused = connection.requests > 0
      try {
        const answer = await connection.send(pieces)
        turn.connection = undefined
        release(connection)
        return answer
      } catch (error) {
        if (turn.ended !== undefined) throw turn.ended
        const isStale = isReused && error instanceof ConnectionLost && error.isUntouched
        if (!isStale || !isRepeatable || attempt === maxAttempts) throw error
        // A server that restarted has closed the others too.
        closeIdle(Number.POSITIVE_INFINITY)
      }
    }
  }

  function freshest(): LeanConnection | undefined {
    for (;;) {
      const connection = idle.pop()
      if (connection === undefined || connection.freshUntil > performance.now()) return connection
      connection.destroy()
    }
  }

  function another(turn: Turn): LeanConnection | Promise<LeanConnection> {
    if (isClosed) throw new Error('the client is closed')
    if (open.size < maxConnections) return connected()
    if (waiting.size >= maxWaiting) throw new Busy('too many requests wait for a connection')
    return new Promise((resolve, reject) => {
      const waits = { resolve, reject }
      turn.waits = waits
      waiting.add(waits)
    })
  }

  function connected(): LeanConnection {
    const connection = new LeanConnection({ ...options, ...address, onGone: gone })
    open.add(connection)
    return connection
  }

  function release(connection: LeanConnection): void {
    if (connection.isGone) return
    const [next] = waiting
    if (next !== undefined) {
      waiting.delete(next)
      return next.resolve(connection)
    }
    connection.rest(performance.now(), keepAliveMs)
    idle.push(connection)
  }

  function gone(connection: LeanConnection): void {
    open.delete(connection)
    const index = idle.indexOf(connection)
    if (index >= 0) idle.splice(index, 1)
    const [next] = waiting
    if (next === undefined || isClosed) return
    waiting.delete(next)
    next.resolve(connected())
  }

  function closeIdle(now: number): void {
    for (const connection of Array.from(idle)) {
      if (connection.freshUntil < now) connection.destroy()
    }
  }

  function endByTime(turn: Turn, timeoutMs: number): void {
    endTurn(turn, new DOMException(`over after ${timeoutMs} ms`, 'TimeoutError'))
  }

  function endTurn(turn: Turn, error: Error): void {
    turn.ended = error
    turn.connection?.destroy()
    if (turn.waits === undefined || !waiting.delete(turn.waits)) return
    turn.waits.reject(error)
  }
}

/** Where a request is, for whoever has to end it. */
interface Turn {
  connection: LeanConnection | undefined
  waits: Waiting | undefined
  ended: Error | undefined
}

function abortReason(signal: AbortSignal): Error {
  const { reason } = signal as { reason: unknown }
  return reason instanceof Error ? reason : new DOMException('no longer wanted', 'AbortError')
}
