import type { AppError } from '@heirloom/errors'
import type { SharedResult } from './fill-events.js'
import { nextPrefix } from './next-frame.js'
import type { Outlet, Subscription, Waiting } from './outlet.js'
import type { SocketConnection } from './socket-connection.js'

/**
 * A subscription on a socket. To graphql-ws it is an iterator that yields nothing and ends when
 * the subscription does: the results go straight to the socket, written once for all subscribers,
 * and the library does the rest of the protocol.
 */
export class SocketStream implements AsyncGenerator<never, void, void>, Outlet {
  readonly #connection: SocketConnection
  readonly #prefix: Buffer
  #release: (() => void) | undefined
  #subscription: Subscription | undefined
  #ended: { readonly reason: AppError | undefined } | undefined
  #settle: (() => void) | undefined

  constructor(connection: SocketConnection, id: string) {
    this.#connection = connection
    this.#prefix = nextPrefix(id)
  }

  onceEnded(release: () => void): void {
    this.#release = release
  }

  started(subscription: Subscription): void {
    this.#subscription = subscription
  }

  get hasRoom(): boolean {
    return this.#connection.hasRoom
  }

  whenRoom(waiting: Waiting): void {
    this.#connection.whenRoom(waiting)
  }

  together(work: () => void): void {
    this.#connection.together(work)
  }

  give(result: SharedResult): void {
    this.#connection.sendNext(this.#prefix, result)
  }

  async next(): Promise<IteratorReturnResult<void>> {
    if (this.#ended === undefined) {
      await new Promise<void>((resolve) => {
        this.#settle = resolve
      })
    }
    if (this.#ended?.reason !== undefined) throw this.#ended.reason
    return { done: true, value: undefined }
  }

  end(reason?: AppError): void {
    if (this.#ended !== undefined) return
    this.#ended = { reason }
    this.#release?.()
    this.#settle?.()
  }

  return(): Promise<IteratorReturnResult<void>> {
    this.#subscription?.stop()
    this.end()
    return Promise.resolve({ done: true, value: undefined })
  }

  throw(): Promise<IteratorReturnResult<void>> {
    return this.return()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }
}
