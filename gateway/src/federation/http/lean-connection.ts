import { connect, type Socket } from 'node:net'
import { BadAnswer, ResponseParser, type HttpAnswer } from './response-parser.js'

/** Why a request got no answer. `isUntouched`: the server cannot have begun to answer it. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost'
  constructor(
    readonly isUntouched: boolean,
    cause?: unknown,
  ) {
    super('the connection broke', { cause })
  }
}

export interface ConnectionOptions {
  readonly host: string
  readonly port: number
  readonly connectTimeoutMs: number
  readonly maxAnswerBytes: number
  /** Called once, whenever and however it ends. */
  readonly onGone: (connection: LeanConnection) => void
}

/** A request: what is sent as Latin-1, as headers are, and then what is sent as UTF-8. */
export type Pieces = readonly [latin1: string, utf8?: string]

const readBufferBytes = 65_536

interface Exchange {
  readonly resolve: (answer: HttpAnswer) => void
  readonly reject: (error: Error) => void
}

/**
 * One connection, one request at a time. Invariants: an exchange is settled exactly once, by the
 * whole answer, by `fail`, or by the end of the connection; a connection that was not read to the
 * last byte of its answer, or from which something comes unasked, carries no other request.
 */
export class LeanConnection {
  readonly #socket: Socket
  readonly #parser: ResponseParser
  readonly #options: ConnectionOptions
  readonly #connectTimer: NodeJS.Timeout
  #exchange: Exchange | undefined
  #isGone = false
  #keepAliveMs: number | undefined
  requests = 0
  /** On the clock of performance.now: an idle connection is not used after this. */
  freshUntil = 0

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#parser = new ResponseParser(options.maxAnswerBytes)
    // Read into one buffer for good: no stream, and no allocation per piece.
    const buffer = Buffer.allocUnsafeSlow(readBufferBytes)
    this.#socket = connect({
      host: options.host,
      port: options.port,
      noDelay: true,
      keepAlive: true,
      onread: {
        buffer,
        callback: (length) => this.#read(buffer, length),
      },
    })
    this.#connectTimer = setTimeout(() => {
      this.destroy(new DOMException('no connection in time', 'TimeoutError'))
    }, options.connectTimeoutMs)
    this.#socket.once('connect', () => clearTimeout(this.#connectTimer))
    this.#socket.on('error', (error) => this.destroy(error))
    this.#socket.on('end', () => this.#ended())
    this.#socket.on('close', () => this.destroy())
  }

  send([latin1, utf8]: Pieces): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      this.#exchange = { resolve, reject }
      this.requests += 1
      this.#parser.reset()
      if (utf8 === undefined) this.#socket.write(latin1, 'latin1')
      else {
        this.#socket.cork()
        this.#socket.write(latin1, 'latin1')
        this.#socket.write(utf8, 'utf8')
        this.#socket.uncork()
      }
    })
  }

  /** Nobody uses it from `now` on; the server may say how long it stays. */
  rest(now: number, keepAliveMs: number): void {
    const theirs = this.#keepAliveMs ?? Number.POSITIVE_INFINITY
    this.freshUntil = now + Math.min(keepAliveMs, theirs - keepAliveMarginMs)
  }

  /** Ends the connection, and with it the request that is on it. */
  destroy(error?: Error): void {
    const exchange = this.#exchange
    this.#exchange = undefined
    if (!this.#isGone) {
      this.#isGone = true
      clearTimeout(this.#connectTimer)
      this.#socket.destroy()
      this.#options.onGone(this)
    }
    if (exchange === undefined) return
    const isOurs = error instanceof BadAnswer || error instanceof DOMException
    exchange.reject(isOurs ? error : new ConnectionLost(!this.#parser.hasBegun, error))
  }

  #read(bytes: Buffer, length: number): boolean {
    if (this.#exchange === undefined) {
      this.destroy()
      return false
    }
    try {
      const answer = this.#parser.push(bytes, length)
      if (answer !== undefined) this.#answered(answer)
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)))
    }
    return !this.#isGone
  }

  #ended(): void {
    if (this.#exchange === undefined || !this.#parser.hasBegun) return this.destroy()
    try {
      this.#answered(this.#parser.end())
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)))
    }
  }

  #answered(answer: HttpAnswer): void {
    const exchange = this.#exchange
    this.#exchange = undefined
    // An answer to half a request: the rest of the request would be taken for the next one.
    const isWritten = this.#socket.writableLength === 0
    if (!answer.isReusable || !isWritten) this.destroy()
    this.#keepAliveMs = answer.keepAliveMs
    exchange?.resolve(answer)
  }

  get isGone(): boolean {
    return this.#isGone
  }
}

/** The server's clock for an idle connection started before ours. */
const keepAliveMarginMs = 1_000
