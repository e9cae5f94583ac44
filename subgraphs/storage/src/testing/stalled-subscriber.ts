import { once } from 'node:events'
import { WebSocket } from 'ws'

export interface StreamAfter {
  readonly streamId: string
  readonly after: string
}

/** A client that subscribed and then stopped reading its socket. */
export interface StalledSubscriber {
  /** Reads again, until so many events have come, and resolves to their ids. */
  resume(count: number): Promise<readonly string[]>
  close(): void
}

interface Message {
  readonly type: string
  readonly payload?: { readonly data?: { readonly eventStream: { readonly id: string } } }
}

/** Speaks graphql-transport-ws by hand, because no client library stops reading. */
export async function startStalledSubscriber(
  url: string,
  token: string,
  { streamId, after }: StreamAfter,
): Promise<StalledSubscriber> {
  const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws')
  const received: string[] = []
  const changed = new EventTarget()
  socket.on('message', (text: Buffer) => {
    const { payload } = JSON.parse(text.toString()) as Message
    const id = payload?.data?.eventStream.id
    if (id !== undefined) received.push(id)
    changed.dispatchEvent(new Event('received'))
  })
  await once(socket, 'open')
  socket.send(
    JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } }),
  )
  await once(socket, 'message')
  const query = `subscription ($id: ID!, $after: String) {
    eventStream(streamId: $id, after: $after) { id data } }`
  const variables = { id: streamId, after }
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query, variables } }))
  socket.pause()
  return {
    resume: async (count) => {
      socket.resume()
      while (received.length < count) await once(changed, 'received')
      return received
    },
    close: () => socket.terminate(),
  }
}
