import { once } from 'node:events'
import { WebSocket } from 'ws'
import type { GraphQLClient } from '@heirloom/testkit'

export interface NewEvent {
  readonly id: string
  readonly type: string
  readonly data: unknown
}

/** About half a kilobyte each, as an event of a timeline is. */
export function newEvents(count: number, from = 0): readonly NewEvent[] {
  return Array.from({ length: count }, (_, n) => ({
    id: `e${from + n}`,
    type: 'StoryPublished',
    data: {
      legacy_id: '01JGM0000000000000000000AA',
      story_id: '01JGM0000000000000000000AB',
      status: 'PUBLISHED',
      title: `Story ${from + n}`,
      excerpt: 'What was told on that evening, and by whom. '.repeat(6),
    },
  }))
}

export async function append(
  gql: GraphQLClient,
  streamId: string,
  events: readonly NewEvent[],
): Promise<void> {
  const { errors } = await gql(
    'mutation ($input: AppendEventInput!) { appendEvent(input: $input) { events { id } } }',
    { input: { streamId, events } },
  )
  if (errors !== undefined) throw new Error(`cannot append: ${JSON.stringify(errors)}`)
}

/** A socket that speaks graphql-transport-ws with as little work of its own as can be. */
export async function openSocket(url: string, token: string): Promise<WebSocket> {
  const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws', {
    perMessageDeflate: false,
  })
  await once(socket, 'open')
  socket.send(
    JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } }),
  )
  await once(socket, 'message')
  return socket
}

const query = `subscription ($streamId: ID!, $after: String) {
  eventStream(streamId: $streamId, after: $after) { id cursor type occurredAt data story { id } } }`

export function subscribe(
  socket: WebSocket,
  id: string,
  variables: { readonly streamId: string; readonly after?: string },
): void {
  socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query, variables } }))
}
