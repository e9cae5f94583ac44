import { answerError, connectionLost, HeirloomError, recordOf } from './heirloom-error.js'
import { failureOf, type HttpOptions, type Variables } from './http.js'
import type { EventResult } from './socket.js'

/*
 * One subscription over one HTTP response, by the "distinct connections" mode of graphql-sse
 * (https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md), for networks whose proxies
 * take no WebSocket. It is read with fetch: EventSource can send no Authorization. Nothing is read
 * ahead of a slow consumer, so the server feels it.
 */
export interface EventStreamOptions extends HttpOptions {
  /** Called when the server has taken the connection. */
  readonly onOpen: () => void
}

const connectTimeoutMs = 15_000
/** A server that lives sends at least a comment now and then. */
const silenceMs = 60_000
const maxEventChars = 16 * 1024 * 1024

/**
 * Results in order. Returns when the server completes the subscription or the signal aborts.
 * @throws HeirloomError for every other end
 */
export async function* readEventStream(
  options: EventStreamOptions,
  payload: { query: string; variables: Variables },
  signal: AbortSignal,
): AsyncGenerator<EventResult, void, void> {
  const leave = new AbortController()
  const until = AbortSignal.any([signal, leave.signal])
  const timed = async <T>(work: Promise<T>, limitMs: number, message: string): Promise<T> => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(connectionLost(message)), limitMs)
    })
    try {
      return await Promise.race([work, late])
    } finally {
      clearTimeout(timer)
    }
  }
  try {
    const response = await timed(
      options.fetch(options.url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'text/event-stream',
          ...(await options.headers()),
        },
        body: JSON.stringify(payload),
        signal: until,
      }),
      connectTimeoutMs,
      `${options.url} did not take the connection`,
    )
    const type = response.headers.get('content-type') ?? ''
    if (!response.ok || !type.startsWith('text/event-stream') || response.body === null) {
      throw failureOf(await response.text(), response)
    }
    options.onOpen()
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    for (;;) {
      const { done, value } = await timed(reader.read(), silenceMs, 'the connection went silent')
      if (done) throw connectionLost('the connection was cut')
      text += value
      const blocks = text.split(/\r?\n\r?\n/)
      text = blocks.pop() ?? ''
      if (text.length > maxEventChars) throw new HeirloomError('BAD_ANSWER', 'an event has no end')
      for (const block of blocks) {
        const result = resultOf(block)
        if (result === 'complete') return
        if (result !== null) yield result
        if (signal.aborted) return
      }
    }
  } catch (error) {
    if (signal.aborted) return
    throw error instanceof HeirloomError
      ? error
      : connectionLost(`${options.url} cannot be reached`, error)
  } finally {
    leave.abort()
  }
}

/** https://html.spec.whatwg.org/multipage/server-sent-events.html, section 9.2.6. */
function resultOf(block: string): EventResult | 'complete' | null {
  const lines = block.split(/\r?\n/)
  const field = (name: string): string[] =>
    lines
      .filter((line) => line.startsWith(`${name}:`))
      .map((line) => line.slice(name.length + 1).replace(/^ /, ''))
  const event = field('event').at(-1)
  if (event === 'complete') return 'complete'
  if (event !== 'next') return null
  const result = recordOf(JSON.parse(field('data').join('\n'))) as EventResult
  // A result without data is no event: the subscription was refused.
  if (result.data === undefined) throw answerError(result.errors ?? [])
  return result
}
