import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import type { AppError } from '@heirloom/errors'
import type { AskAs } from '../access.js'
import type { SharedResult } from './fill-events.js'
import { writeNext } from './next-frame.js'
import type { Waiting } from './outlet.js'
import { isOutage, type Watched } from './socket-watch.js'

/** Close codes of ours; RFC 6455, section 7.4.1, and its registry have those below 4000. */
export const closeCodes = {
  /** The process is going away: connect again at once, and go on from the last cursor. */
  goingAway: 1001,
  /** The same may succeed later. */
  tryAgainLater: 1013,
  forbidden: 4403,
  internal: 4500,
} as const

/** A socket that holds so many bytes back is read no further: who asks has to listen. */
const maxHeldBytes = 1024 * 1024

/**
 * One WebSocket, and what it carries. Results are written to the TCP socket below it: every frame
 * is written as a whole, by us or by the library, so the two never mix.
 */
export class SocketConnection implements Watched {
  askAs: AskAs | undefined
  /** Where it comes from, as rate limits count it. */
  readonly address: string
  /** The request that was upgraded, until it is known who asks. */
  request: IncomingMessage | undefined
  /** Whether anything came from the other side, or was taken by it, since this was last cleared. */
  isHeard = true
  /** Queries and mutations under way. */
  running = 0
  readonly #socket: WebSocket
  readonly #raw: Socket
  #waiting: Set<Waiting> | undefined
  #listensForDrain = false
  #isLeaving = false

  constructor(socket: WebSocket, raw: Socket, request: IncomingMessage, address: string) {
    this.#socket = socket
    this.#raw = raw
    this.request = request
    this.address = address
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN
  }

  get protocol(): string {
    return this.#socket.protocol
  }

  get hasRoom(): boolean {
    return !this.#raw.writableNeedDrain
  }

  onceClosed(listener: () => void): void {
    this.#socket.once('close', listener)
  }

  /** The close code says whether to sign in again or to try again; the reason is our error code. */
  refuse(error: AppError): void {
    const passes = isOutage(error) || error.code === 'RATE_LIMITED'
    this.#socket.close(passes ? closeCodes.tryAgainLater : closeCodes.forbidden, error.code)
  }

  close(code?: number, reason?: string): void {
    this.#socket.close(code, reason)
  }

  terminate(): void {
    this.#socket.terminate()
  }

  ping(): void {
    if (this.isOpen) this.#socket.ping()
  }

  /** Tells the other side to connect again, once nothing runs that it waits for. */
  leave(): void {
    this.#isLeaving = true
    if (this.running === 0) this.close(closeCodes.goingAway, 'going away; resume')
  }

  finished(): void {
    this.running -= 1
    if (this.#isLeaving) this.leave()
  }

  send(text: string): void {
    if (!this.isOpen) return
    this.#socket.send(text)
    if (this.#raw.writableLength <= maxHeldBytes) return
    this.#socket.pause()
    this.#listenForDrain()
  }

  sendNext(prefix: Buffer, { json }: SharedResult): void {
    // A socket that is closing takes no more: the other side goes on from its last cursor.
    if (this.isOpen) writeNext(this.#raw, prefix, json)
  }

  together(work: () => void): void {
    this.#raw.cork()
    try {
      work()
    } finally {
      this.#raw.uncork()
    }
  }

  whenRoom(waiting: Waiting): void {
    this.#waiting ??= new Set()
    this.#waiting.add(waiting)
    this.#listenForDrain()
  }

  #listenForDrain(): void {
    if (this.#listensForDrain) return
    this.#listensForDrain = true
    this.#raw.once('drain', () => {
      this.#listensForDrain = false
      this.#drained()
    })
  }

  /** Whoever still has something to give when the room is gone goes to the end of the row. */
  #drained(): void {
    this.isHeard = true
    if (this.#socket.isPaused) this.#socket.resume()
    const waiting = [...(this.#waiting ?? [])]
    for (const each of waiting) {
      if (!this.hasRoom) break
      this.#waiting?.delete(each)
      each.resume()
    }
    if ((this.#waiting?.size ?? 0) > 0) this.#listenForDrain()
  }
}
