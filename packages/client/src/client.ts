import { HeirloomError, misuse } from './heirloom-error.js'
import { request, type Variables } from './http.js'
import { startSubscription, type SubscribeOptions, type Subscription } from './subscription.js'
import {
  followOptions,
  streamField,
  timelineField,
  type FollowOptions,
  type TimelineEvent,
} from './timeline.js'

export type Token = string | (() => string | Promise<string>)

export interface HeirloomClientOptions {
  /** The GraphQL endpoint; in a browser it may be relative, for example /graphql. */
  readonly url: string
  /** By default the same address with ws or wss. */
  readonly webSocketUrl?: string
  /**
   * A Bearer token, or a function that is asked for one whenever one is needed. Leave it out in a
   * browser that signed in: the session cookie speaks for it.
   */
  readonly token?: Token
  /** Further headers of every HTTP request, for example the one that answers the CSRF check. */
  readonly headers?: () => Readonly<Record<string, string>>
  /** A WebSocket class where the platform has none, as Node 20: the default export of `ws`. */
  readonly webSocketImpl?: unknown
  readonly fetch?: typeof globalThis.fetch
  /** How long to wait before the first and at most before any attempt to reconnect. */
  readonly retry?: { readonly initialDelayMs?: number; readonly maxDelayMs?: number }
}

export interface HeirloomClient {
  /**
   * Runs a query or a mutation and answers its data.
   * @throws HeirloomError when the answer has any error; what was answered is its `data`
   */
  query<Data = Record<string, unknown>>(
    document: string,
    variables?: Variables,
    options?: { signal?: AbortSignal },
  ): Promise<Data>
  /** Reconnects and resumes by itself; each subscription has a connection of its own. */
  subscribe<Event = Record<string, unknown>>(options: SubscribeOptions<Event>): Subscription
  /** Follows a legacy's timeline: from `after`, or from now on. */
  followTimeline<Event = TimelineEvent>(
    legacyId: string,
    options: FollowOptions<Event>,
  ): Subscription
  /** Follows an event stream, likewise. */
  followStream<Event = TimelineEvent>(streamId: string, options: FollowOptions<Event>): Subscription
}

const defaultRetry = { initialDelayMs: 250, maxDelayMs: 30_000 }

export function createHeirloomClient(options: HeirloomClientOptions): HeirloomClient {
  const { token } = options
  const url = absolute(options.url)
  const webSocketUrl = absolute(options.webSocketUrl ?? url).replace(/^http/, 'ws')

  async function authorization(): Promise<Record<string, string>> {
    if (token === undefined) return {}
    const value = typeof token === 'string' ? token : await fetchToken(token)
    return { authorization: value.startsWith('Bearer ') ? value : `Bearer ${value}` }
  }
  const http = {
    url,
    headers: async () => ({ ...options.headers?.(), ...(await authorization()) }),
    fetch: options.fetch ?? globalThis.fetch,
  }
  const ask = (query: string, variables: Variables, signal?: AbortSignal): Promise<unknown> =>
    request(http, query, variables, signal)

  function subscribe<Event>(subscribeOptions: SubscribeOptions<Event>): Subscription {
    return startSubscription(subscribeOptions, {
      ask,
      socket: async () => ({
        url: webSocketUrl,
        webSocketImpl: options.webSocketImpl ?? platformWebSocket(),
        connectionParams: token === undefined ? undefined : await authorization(),
      }),
      // Without a token the session's cookie speaks, and it may have been renewed too.
      canRefreshToken: typeof token !== 'string',
      backoff: { ...defaultRetry, ...options.retry, random: Math.random },
      now: Date.now,
    })
  }

  return {
    query: async <Data>(
      document: string,
      variables: Variables = {},
      { signal }: { signal?: AbortSignal } = {},
    ) => (await ask(document, variables, signal)) as Data,
    subscribe,
    followTimeline: (legacyId, follow) => subscribe(followOptions(timelineField, legacyId, follow)),
    followStream: (streamId, follow) => subscribe(followOptions(streamField, streamId, follow)),
  }
}

async function fetchToken(token: () => string | Promise<string>): Promise<string> {
  try {
    return await token()
  } catch (cause) {
    if (cause instanceof HeirloomError) throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new HeirloomError('CONNECTION_LOST', `no token could be had: ${reason}`, {
      retryable: true,
      cause,
    })
  }
}

interface BrowserGlobals {
  readonly location?: { readonly href: string }
  readonly WebSocket?: unknown
}

function absolute(url: string): string {
  const page = (globalThis as BrowserGlobals).location?.href
  try {
    return new URL(url, page).href
  } catch {
    throw misuse(
      `"${url}" is no address: give it in full, for example http://127.0.0.1:4000/graphql`,
    )
  }
}

function platformWebSocket(): unknown {
  const found = (globalThis as BrowserGlobals).WebSocket
  if (found !== undefined) return found
  throw misuse(
    'this platform has no WebSocket: install ws and give its WebSocket class as webSocketImpl',
  )
}
