import { createClient } from 'graphql-ws'
import { WebSocket } from 'ws'

export interface EventAnswer {
  readonly id: string
  readonly cursor: string
  readonly type: string
}

interface Answer {
  readonly data?: Readonly<Record<string, EventAnswer>> | null
  readonly extensions?: { readonly start_cursor?: string }
  readonly errors?: readonly { readonly extensions?: { readonly code?: string } }[]
}

/** A client that follows streams over a WebSocket, the way the gateway does. */
export interface Subscriber {
  eventStream(streamId: string, after?: string): Subscription
  timeline(legacyId: string, after?: string): Subscription
  /** Of the default database. */
  documents(collection: string, after?: string): Subscription
  /** Cuts the connection without a goodbye. */
  cut(): void
  close(): Promise<void>
}

export interface Subscription {
  /** Where "now" was, of a subscription without a cursor; to be asked before any event is. */
  start(): Promise<string>
  /** The next events; throws a SubscriptionError for what ends the subscription before. */
  take(count: number): Promise<readonly EventAnswer[]>
  /** Ends the subscription; the socket stays open. */
  end(): Promise<void>
}

export class SubscriptionError extends Error {
  constructor(readonly code: string) {
    super(`the subscription ended: ${code}`)
  }
}

const fields = 'id cursor type'

export function connectSubscriber(url: string, token: string): Subscriber {
  let socket: WebSocket | undefined
  const client = createClient({
    url: url.replace('http', 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${token}` },
    retryAttempts: 0,
    lazy: true,
    on: { opened: (opened) => (socket = opened as WebSocket) },
  })

  function subscribe(query: string, variables: Record<string, unknown>): Subscription {
    const answers = client.iterate({ query, variables }) as AsyncIterableIterator<Answer>
    return {
      start: async () => {
        const { value } = (await answers.next()) as IteratorResult<Answer, Answer>
        const cursor = value.extensions?.start_cursor
        if (cursor === undefined) throw new SubscriptionError('no start')
        return cursor
      },
      take: async (count) => {
        const taken: EventAnswer[] = []
        while (taken.length < count) taken.push(await next(answers))
        return taken
      },
      end: async () => void (await answers.return?.()),
    }
  }

  return {
    eventStream: (id, after) =>
      subscribe(
        `subscription ($id: ID!, $after: String) { eventStream(streamId: $id, after: $after) { ${fields} } }`,
        { id, after },
      ),
    timeline: (id, after) =>
      subscribe(
        `subscription ($id: ID!, $after: String) { timeline(legacyId: $id, after: $after) { ${fields} } }`,
        { id, after },
      ),
    documents: (collection, after) =>
      subscribe(
        `subscription ($collection: String!, $after: String) {
          watchDocuments(database: "default", collection: $collection, after: $after) {
            ${fields} path version document { data } } }`,
        { collection, after },
      ),
    cut: () => socket?.terminate(),
    close: async () => {
      await client.dispose()
    },
  }
}

async function next(answers: AsyncIterableIterator<Answer>): Promise<EventAnswer> {
  const result = await answers.next().catch((reason: unknown) => {
    throw new SubscriptionError(codeOf(reason))
  })
  if (result.done === true) throw new SubscriptionError('ended')
  const [event] = Object.values(result.value.data ?? {})
  if (event !== undefined) return event
  // Where "now" was, told ahead of the first event.
  if (result.value.extensions?.start_cursor !== undefined) return next(answers)
  throw new SubscriptionError(result.value.errors?.[0]?.extensions?.code ?? 'unknown')
}

/** Errors of the protocol come as a list of GraphQL errors; a cut socket as a close event. */
function codeOf(reason: unknown): string {
  const [first] = Array.isArray(reason) ? (reason as readonly unknown[]) : [reason]
  if (typeof first !== 'object' || first === null) return String(first)
  const { extensions } = first as { extensions?: { code?: string } }
  return extensions?.code ?? 'disconnected'
}
