import type { ServerResponse } from 'node:http'
import type { GraphQLFormattedError } from 'graphql'
import type { AppError } from '@heirloom/errors'
import type { SharedResult } from './fill-events.js'
import type { Outlet, Waiting } from './outlet.js'
import type { Watched } from './socket-watch.js'

// GraphQL over Server-Sent Events, distinct connections mode
// (https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md): one operation per response.
// Each `next` carries the position of its event as its `id`, which a browser sends back by itself
// as `Last-Event-ID` when it connects again.

const opening = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // Proxies that collect answers before they pass them on would hold events back.
  'x-accel-buffering': 'no',
}
const comment = ':\n\n'
const complete = 'event: complete\ndata: \n\n'
/** Clients are told to wait between these, so that they do not all come back at once. */
const minRetryMs = 500
const maxRetryMs = 2_500

const frames = new WeakMap<SharedResult, Buffer>()

/** Written once for all who receive it. */
function frameOf(result: SharedResult): Buffer {
  const known = frames.get(result)
  if (known !== undefined) return known
  const { cursor, json } = result
  // A cursor is a text of one line; another one would end the field.
  const id = cursor === undefined || /[\r\n\0]/.test(cursor) ? '' : `id: ${cursor}\n`
  const frame = Buffer.concat([Buffer.from(`${id}event: next\ndata: `), json, Buffer.from('\n\n')])
  frames.set(result, frame)
  return frame
}

export type FormatReason = (reason: AppError) => GraphQLFormattedError

/** One response that carries the results of one operation. */
export class EventStream implements Outlet, Watched {
  readonly #response: ServerResponse
  readonly #format: FormatReason
  #isStalled = false
  #waiting: Waiting | undefined
  #reason: AppError | undefined

  constructor(response: ServerResponse, format: FormatReason) {
    this.#response = response
    this.#format = format
    response.on('drain', () => {
      this.#isStalled = false
      const waiting = this.#waiting
      this.#waiting = undefined
      waiting?.resume()
    })
  }

  /** Sends the head of the response, with what other answers carry too. */
  open(headers: Readonly<Record<string, number | string | string[] | undefined>>): void {
    if (!this.isOpen) return
    for (const [name, value] of Object.entries({ ...headers, ...opening })) {
      if (value !== undefined) this.#response.setHeader(name, value)
    }
    this.#response.writeHead(200)
    // Some clients wait for the first bytes before they say that the stream is open.
    this.#response.write(comment)
    if (this.#reason !== undefined) this.end(this.#reason)
  }

  get isOpen(): boolean {
    return !this.#response.destroyed && !this.#response.writableEnded
  }

  onceClosed(listener: () => void): void {
    this.#response.once('close', listener)
  }

  refuse(error: AppError): void {
    if (this.#response.headersSent) this.end(error)
    else this.#reason = error
  }

  get hasRoom(): boolean {
    return !this.#response.writableNeedDrain
  }

  whenRoom(waiting: Waiting): void {
    this.#waiting = waiting
  }

  together(work: () => void): void {
    this.#response.cork()
    try {
      work()
    } finally {
      this.#response.uncork()
    }
  }

  give(result: SharedResult): void {
    if (this.isOpen) this.#response.write(frameOf(result))
  }

  end(reason?: AppError): void {
    if (reason === undefined) this.#finish(complete)
    else this.fail([this.#format(reason)])
  }

  /** What is wrong is the last result: the protocol has no event for it. */
  fail(errors: readonly GraphQLFormattedError[]): void {
    this.#finish(`event: next\ndata: ${JSON.stringify({ errors })}\n\n${complete}`)
  }

  /** Ends without completion, which makes the client connect again. */
  leave(): void {
    const retryMs = Math.round(minRetryMs + Math.random() * (maxRetryMs - minRetryMs))
    this.#finish(`retry: ${retryMs}\n\n`)
  }

  /** Says that somebody is here; a stream that took nothing since it was last asked is ended. */
  beat(): void {
    if (!this.isOpen || !this.#response.headersSent) return
    if (this.hasRoom) {
      this.#isStalled = false
      this.#response.write(comment)
    } else if (this.#isStalled) {
      this.#response.destroy()
    } else {
      this.#isStalled = true
    }
  }

  #finish(text: string): void {
    if (this.isOpen) this.#response.end(text)
  }
}
