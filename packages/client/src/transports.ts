import { connectionLost, HeirloomError } from './heirloom-error.js'
import type { Variables } from './http.js'
import type { EventResult } from './socket.js'

export type Transport = 'websocket' | 'sse'

type Reader = (
  payload: { query: string; variables: Variables },
  signal: AbortSignal,
  onOpen: () => void,
) => AsyncIterable<EventResult>

/** Failed openings of WebSockets in a row before SSE is tried: one may be a server's restart. */
const patience = 3

/**
 * Chooses how each next connection of one subscription is made. Both read from a cursor, so they
 * may take turns. While nothing opens, SSE gets one attempt after every few of WebSockets. What
 * opened is taken again, except that SSE gives way to WebSockets where one has opened before: then
 * it was an outage that made it try, not the network.
 */
export function createTransports(
  readers: Readonly<Record<Transport, Reader>>,
  wanted: Transport | 'auto',
): (
  payload: { query: string; variables: Variables },
  signal: AbortSignal,
) => AsyncIterable<EventResult> {
  let current: Transport = wanted === 'auto' ? 'websocket' : wanted
  let failures = 0
  let hadWebSockets = false

  function next(opened: boolean): Transport {
    if (current === 'sse') {
      if (opened && !hadWebSockets) return 'sse'
      failures = 0
      return 'websocket'
    }
    failures = opened ? 0 : failures + 1
    hadWebSockets ||= opened
    return failures < patience ? 'websocket' : 'sse'
  }

  return async function* (payload, signal) {
    let opened = false
    try {
      yield* readers[current](payload, signal, () => (opened = true))
    } catch (error) {
      if (wanted === 'auto' && current === 'sse' && !opened && isAbsent(error)) {
        throw connectionLost('the server takes neither WebSockets nor SSE at present', error)
      }
      throw error
    } finally {
      if (wanted === 'auto') current = next(opened)
    }
  }
}

const absent = new Set(['NOT_FOUND', 'METHOD_NOT_ALLOWED', 'UNSUPPORTED_MEDIA_TYPE', 'BAD_ANSWER'])

/** A server without SSE says so; that is no reason to give up what WebSockets may yet do. */
function isAbsent(error: unknown): boolean {
  return error instanceof HeirloomError && absent.has(error.code)
}
