import { createClient, type Client } from 'graphql-ws'
import { WebSocket } from 'ws'

export interface TimelineEvent {
  readonly id: string
  readonly cursor: string
  readonly type: string
  readonly story: { readonly id: string; readonly title: string } | null
}

/** A subscription on one socket that does not come back by itself, so that a test can cut it. */
export interface Following {
  readonly events: readonly TimelineEvent[]
  /** Resolves when `count` events have come. */
  received(count: number, timeoutMs?: number): Promise<readonly TimelineEvent[]>
  cut(): void
}

const timeline = `subscription ($legacyId: ID!, $after: String) {
  timeline(legacyId: $legacyId, after: $after) {
    id cursor type
    story { id title people { name } media { fileName } }
  }
}`

/** Resolves once the server has taken up the subscription. */
export async function follow(
  url: string,
  token: string,
  variables: { legacyId: string; after: string },
): Promise<Following> {
  const events: TimelineEvent[] = []
  const waiting = new Set<() => void>()
  let failure: unknown
  let socket: WebSocket | undefined
  const client: Client = createClient({
    url: `${url.replace(/^http/, 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${token}` },
    retryAttempts: 0,
    lazy: false,
    onNonLazyError: (error) => (failure = error),
    on: { connected: (opened) => (socket = opened as WebSocket) },
  })
  const wake = (): void => waiting.forEach((resolve) => resolve())
  client.subscribe<{ timeline: TimelineEvent }>(
    { query: timeline, variables },
    {
      next: ({ data, errors }) => {
        if (data) events.push(data.timeline)
        if (errors) failure = errors
        wake()
      },
      error: (error) => {
        failure = error
        wake()
      },
      complete: wake,
    },
  )

  return {
    events,
    received: async (count, timeoutMs = 10_000) => {
      const deadline = Date.now() + timeoutMs
      while (events.length < count) {
        if (failure !== undefined) throw new Error('the subscription failed', { cause: failure })
        const left = deadline - Date.now()
        if (left <= 0) throw new Error(`${events.length} of ${count} events within ${timeoutMs} ms`)
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, left)
          waiting.add(() => {
            clearTimeout(timer)
            resolve()
          })
        })
        waiting.clear()
      }
      return events
    },
    // No close frame: the way a lost network looks.
    cut: () => socket?.terminate(),
  }
}
