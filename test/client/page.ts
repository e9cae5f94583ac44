import { ApolloClient, ApolloLink, InMemoryCache } from '@apollo/client'
import { Client } from '@urql/core'
import { parse } from 'graphql'
import { createHeirloomClient, type HeirloomClientOptions } from '@heirloom/client'
import { createHeirloomLink } from '@heirloom/client/apollo'
import { createHeirloomExchange } from '@heirloom/client/urql'

// What a page does that follows a stream: it keeps in localStorage what it was handed and the
// cursor to go on from, so that it can be reloaded at any time. Runs in the browser.

export type Way = 'plain' | 'apollo' | 'urql'

/** What a page kept of one stream. */
export interface Kept {
  readonly ids: readonly string[]
  readonly cursor: string | null
  readonly errors: readonly string[]
  readonly interruptions: number
}

interface StreamEvent {
  readonly id: string
  readonly cursor: string
}

const document = parse(`subscription Follow($streamId: ID!, $after: String) {
  eventStream(streamId: $streamId, after: $after) { cursor id data }
}`)

function kept(streamId: string): Kept {
  const text = localStorage.getItem(streamId)
  const nothing: Kept = { ids: [], cursor: null, errors: [], interruptions: 0 }
  return text === null ? nothing : (JSON.parse(text) as Kept)
}

function keep(streamId: string, change: (kept: Kept) => Partial<Kept>): void {
  const now = kept(streamId)
  localStorage.setItem(streamId, JSON.stringify({ ...now, ...change(now) }))
}

/** Follows from the cursor that was kept, or from `after`. Returns how to stop. */
function follow(
  way: Way,
  streamId: string,
  after: string,
  options: Partial<HeirloomClientOptions>,
): () => void {
  const client = createHeirloomClient({ url: '/graphql', ...options })
  const onInterruption = (): void =>
    keep(streamId, ({ interruptions }) => ({ interruptions: interruptions + 1 }))
  const onEvent = ({ id, cursor }: StreamEvent): void =>
    keep(streamId, ({ ids }) => ({ ids: [...ids, id], cursor }))
  const onError = (error: unknown): void =>
    keep(streamId, ({ errors }) => ({ errors: [...errors, String(error)] }))
  const from = kept(streamId).cursor ?? after
  switch (way) {
    case 'plain': {
      const subscription = client.subscribe<StreamEvent>(
        document,
        { streamId },
        { after: from, onEvent, onInterruption, onError },
      )
      return () => subscription.close()
    }
    case 'apollo': {
      const apollo = new ApolloClient({
        cache: new InMemoryCache(),
        link: ApolloLink.from([createHeirloomLink(client, { onInterruption })]),
      })
      const subscription = apollo
        .subscribe<{ eventStream: StreamEvent }>({
          query: document,
          variables: { streamId, after: from },
        })
        .subscribe({
          next: ({ data, error }) => {
            if (data) onEvent(data.eventStream)
            else onError(error)
          },
          error: onError,
        })
      return () => subscription.unsubscribe()
    }
    default: {
      const urql = new Client({
        url: '/graphql',
        exchanges: [createHeirloomExchange(client, { onInterruption })],
      })
      const subscription = urql
        .subscription<{ eventStream: StreamEvent }>(document, { streamId, after: from })
        .subscribe(({ data, error }) => {
          if (data) onEvent(data.eventStream)
          else onError(error)
        })
      return () => subscription.unsubscribe()
    }
  }
}

export interface PageGlobals {
  heirloom: { follow: typeof follow; kept: typeof kept }
}
Object.assign(globalThis, { heirloom: { follow, kept } } satisfies PageGlobals)
