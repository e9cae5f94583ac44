import { once } from 'node:events'
import { WebSocket } from 'ws'

export interface RawMessage {
  readonly id?: string
  readonly type: string
  readonly payload?: unknown
}

/** A client of graphql-transport-ws that may break every rule. */
export interface RawSocket {
  readonly socket: WebSocket
  /** Everything that came, in order. */
  readonly received: readonly RawMessage[]
  send(message: object): void
  subscribe(id: string, streamId: string, after?: string, selection?: string): void
  /** Resolves once so many messages have come that `wanted` accepts. */
  got(count: number, wanted: (message: RawMessage) => boolean): Promise<readonly RawMessage[]>
  /** The code with which the server closed it. */
  readonly closed: Promise<number>
}

export async function openRawSocket(url: string, token?: string): Promise<RawSocket> {
  const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws')
  const received: RawMessage[] = []
  const changed = new EventTarget()
  const closed = new Promise<number>((resolve) => socket.once('close', resolve))
  socket.on('error', () => undefined)
  socket.on('message', (text: Buffer) => {
    received.push(JSON.parse(text.toString()) as RawMessage)
    changed.dispatchEvent(new Event('received'))
  })
  await once(socket, 'open')
  const raw: RawSocket = {
    socket,
    received,
    closed,
    send: (message) => socket.send(JSON.stringify(message)),
    subscribe: (id, streamId, after, selection = 'id cursor') => {
      const query = `subscription ($streamId: ID!, $after: String) {
        eventStream(streamId: $streamId, after: $after) { ${selection} } }`
      raw.send({ id, type: 'subscribe', payload: { query, variables: { streamId, after } } })
    },
    got: async (count, wanted) => {
      for (;;) {
        const found = received.filter(wanted)
        if (found.length >= count) return found
        await once(changed, 'received')
      }
    },
  }
  if (token !== undefined) {
    raw.send({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } })
    await raw.got(1, ({ type }) => type === 'connection_ack')
  }
  return raw
}

/** The code and details of an error message, or of a refusal at the beginning. */
export function errorOf({ payload }: RawMessage): {
  readonly code: unknown
  readonly details: Readonly<Record<string, unknown>>
} {
  const errors = Array.isArray(payload) ? payload : (payload as { errors?: unknown[] }).errors
  const { extensions } = (errors?.[0] ?? {}) as {
    extensions?: { code?: unknown; details?: Record<string, unknown> }
  }
  return { code: extensions?.code, details: extensions?.details ?? {} }
}

/** The ids of the events among them. */
export function eventIds(messages: readonly RawMessage[]): readonly string[] {
  return messages.flatMap(({ payload }) => {
    const { data } = (payload ?? {}) as { data?: { eventStream?: { id: string } } | null }
    return data?.eventStream === undefined ? [] : [data.eventStream.id]
  })
}
