import {
  textOf,
  type AnyDocument,
  type Document,
  type EventOf,
  type TypedDocument,
} from './document.js'
import { csrfHeaders, csrfParams } from './csrf.js'
import { readEventStream } from './event-stream.js'
import { connectionLost, HeirloomError, misuse } from './heirloom-error.js'
import { request, type Variables } from './http.js'
import { readSocket } from './socket.js'
import { startSubscription, type SubscribeOptions, type Subscription } from './subscription.js'
import { platformSurroundings, type Surroundings } from './surroundings.js'
import {
  followDocument,
  startOf,
  type FollowedField,
  type FollowOptions,
  type TimelineEvent,
} from './timeline.js'
import { createTransports, type Transport } from './transports.js'

export type Token = string | (() => string | Promise<string>)

export interface HeirloomClientOptions {
  /** The GraphQL endpoint; in a browser it may be relative, for example /graphql. */
  readonly url: string
  /** By default the same address with ws or wss. */
  readonly webSocketUrl?: string
  /** Where subscriptions are served over SSE; by default `url` with /stream at its end. */
  readonly eventStreamUrl?: string
  /**
   * 'auto', the default: WebSockets; where none can be opened, SSE is tried in turn with them, and
   * where the platform has none, as Node 20 without `webSocketImpl`, it is SSE.
   */
  readonly transport?: Transport | 'auto'
  /**
   * A Bearer token, or a function that is asked for one whenever one is needed, also after one was
   * refused. Leave it out in a browser that signed in: the session cookie speaks for it.
   */
  readonly token?: Token
  /**
   * Further headers of every HTTP request. A page of the gateway's own origin that signed in needs
   * none; one of another origin gives the x-csrf-token of GET /auth/session, which is sent over
   * sockets too.
   */
  readonly headers?: () => Readonly<Record<string, string>>
  /** A WebSocket class where the platform has none, as Node 20: the one of `ws`. */
  readonly webSocketImpl?: unknown
  readonly fetch?: typeof globalThis.fetch
  /** How long to wait before the first and at most before any attempt to reconnect. */
  readonly retry?: { readonly initialDelayMs?: number; readonly maxDelayMs?: number }
  /** Hints about network and page; the platform's own by default. */
  readonly surroundings?: Surroundings
}

/** Variables without `after`, which the client sets. */
type WithoutAfter<T> = Omit<T, 'after'>

export interface HeirloomClient {
  /**
   * Runs a query or a mutation and answers its data.
   * @throws HeirloomError when the answer has any error; what was answered is its `data`
   */
  query<Data = Record<string, unknown>>(
    document: Document,
    variables?: Variables,
    options?: { signal?: AbortSignal },
  ): Promise<Data>
  query<Data, V extends object>(
    document: TypedDocument<Data, V>,
    variables: V,
    options?: { signal?: AbortSignal },
  ): Promise<Data>
  /**
   * Follows a subscription whose document declares `$after: String`, passes it to its one root
   * field and selects `cursor` there. Reconnects and resumes by itself; each subscription has a
   * connection of its own.
   * @throws HeirloomError MISUSE for a document that cannot be resumed
   */
  subscribe<Event = Record<string, unknown>>(
    document: Document,
    variables: Variables,
    options: SubscribeOptions<Event>,
  ): Subscription
  subscribe<Data extends object, V extends object>(
    document: TypedDocument<Data, V>,
    variables: WithoutAfter<V>,
    options: SubscribeOptions<EventOf<Data>>,
  ): Subscription
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
  const eventStreamUrl = absolute(options.eventStreamUrl ?? url.replace(/\/?$/, '/stream'))
  const surroundings = options.surroundings ?? platformSurroundings()
  const webSocketImpl = options.webSocketImpl ?? (globalThis as BrowserGlobals).WebSocket
  const wanted = options.transport ?? 'auto'
  if (wanted === 'websocket' && webSocketImpl === undefined) {
    throw misuse(
      'this platform has no WebSocket: install ws and give its WebSocket class as webSocketImpl',
    )
  }
  const transport = webSocketImpl === undefined ? 'sse' : wanted

  async function authorization(): Promise<Record<string, string>> {
    if (token === undefined) return {}
    const value = typeof token === 'string' ? token : await fetchToken(token)
    return { authorization: value.startsWith('Bearer ') ? value : `Bearer ${value}` }
  }
  /** Without a token the session's cookie speaks, and has to be spoken for. */
  function further(): Record<string, string> {
    return { ...(token === undefined ? csrfHeaders(url) : {}), ...options.headers?.() }
  }
  const http = {
    url,
    headers: async () => ({ ...further(), ...(await authorization()) }),
    // Called as a method, the platform's own says "Illegal invocation" in browsers.
    fetch: options.fetch ?? ((...given) => globalThis.fetch(...given)),
  } satisfies Parameters<typeof request>[0]
  const ask = (query: string, variables: Variables, signal?: AbortSignal): Promise<unknown> =>
    request(http, query, variables, signal)

  const readers = {
    websocket: async function* (payload, signal, onOpen) {
      const connectionParams = token === undefined ? csrfParams(further()) : await authorization()
      const socket = { url: webSocketUrl, webSocketImpl, connectionParams, surroundings, onOpen }
      if (!signal.aborted) yield* readSocket(socket, payload, signal)
    },
    sse: (payload, signal, onOpen) =>
      readEventStream({ ...http, url: eventStreamUrl, onOpen }, payload, signal),
  } satisfies Parameters<typeof createTransports>[0]

  function subscribe<Event>(
    document: AnyDocument,
    variables: Variables,
    subscribeOptions: SubscribeOptions<Event>,
  ): Subscription {
    const query = textOf(document)
    const start = subscribeOptions.start ?? startOf(query, variables)
    return startSubscription(
      { query, variables },
      { ...subscribeOptions, start },
      {
        ask,
        connect: createTransports(readers, transport),
        // Without a token the session's cookie speaks, and it may have been renewed too.
        canRefreshToken: typeof token !== 'string',
        backoff: { ...defaultRetry, ...options.retry, random: Math.random },
        surroundings,
        now: Date.now,
      },
    )
  }

  function follow<Event>(
    field: FollowedField,
    id: string,
    { selection, ...rest }: FollowOptions<Event>,
  ): Subscription {
    const { query, variables, start } = followDocument(field, id, selection)
    return subscribe(query, variables, { ...rest, start })
  }

  return {
    query: async <Data>(
      document: AnyDocument,
      variables: object = {},
      { signal }: { signal?: AbortSignal } = {},
    ) => (await ask(textOf(document), { ...variables }, signal)) as Data,
    subscribe: <Event>(
      document: AnyDocument,
      variables: object,
      subscribeOptions: SubscribeOptions<Event>,
    ) => subscribe(document, { ...variables }, subscribeOptions),
    followTimeline: (legacyId, followOptions) => follow('timeline', legacyId, followOptions),
    followStream: (streamId, followOptions) => follow('eventStream', streamId, followOptions),
  }
}

async function fetchToken(token: () => string | Promise<string>): Promise<string> {
  try {
    return await token()
  } catch (cause) {
    if (cause instanceof HeirloomError) throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw connectionLost(`no token could be had: ${reason}`, cause)
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
