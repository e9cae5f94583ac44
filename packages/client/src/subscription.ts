import { createBackoff, wait, type BackoffOptions } from './backoff.js'
import { eventOf, requireResumable } from './document.js'
import {
  answerError,
  asksForToken,
  HeirloomError,
  misuse,
  type GraphQLAnswerError,
} from './heirloom-error.js'
import type { Variables } from './http.js'
import { readSocket, type EventResult, type SocketOptions } from './socket.js'

/**
 * A subscription that survives its connections.
 *
 * Phases: (1) find the cursor to begin after, which is given or asked of the server; (2) read one
 * socket until it ends, handing out each event and then moving the cursor to it; (3) wait, and go
 * on with 2 from the cursor. Invariants: `onEvent` runs for one event at a time; the cursor is
 * never ahead of an event that was not handed out; nothing of an earlier socket is read once a
 * later one is opened.
 */
export interface SubscribeOptions<Event> {
  /** Must declare `$after: String`, pass it to the root field and select `cursor` there. */
  readonly query: string
  /** Without `after`, which the client sets. */
  readonly variables?: Variables
  /** Begin after this cursor, for example one that was stored. */
  readonly after?: string | undefined
  /**
   * Without `after`: a query whose one field answers the cursor of the present end, such as
   * `timelineEnd`. It is asked before the first connection, since a subscription that begins
   * "now" would lose what is written before its first event when the connection is cut.
   */
  readonly start?: { readonly query: string; readonly variables?: Variables }
  /**
   * Gets every event once, in order. When it returns a promise, the next event waits for it; when
   * it throws, the subscription ends with that error, and the cursor stays before the event.
   */
  readonly onEvent: (event: Event, details: EventDetails) => void | Promise<void>
  /** Called at most once: the subscription has ended and will not come back by itself. */
  readonly onError: (error: HeirloomError) => void
  /** Called when the connection is lost, before it is tried again. */
  readonly onInterruption?: (error: HeirloomError, retryInMs: number) => void
  /** Called when the cursor to begin after is known: from here on nothing is missed. */
  readonly onStart?: (cursor: string) => void
  readonly signal?: AbortSignal
}

export interface EventDetails {
  readonly cursor: string
  /** What could not be resolved in this event, for example a field of a subgraph that is away. */
  readonly errors: readonly GraphQLAnswerError[]
}

export interface Subscription {
  /** Of the last event whose `onEvent` is done, or where it began; store it to go on later. */
  readonly cursor: string | null
  /** Resolves when the subscription has ended, for whatever reason. Never rejects. */
  readonly ended: Promise<void>
  close(): void
}

export interface SubscriptionDependencies {
  readonly socket: () => Promise<SocketOptions>
  readonly ask: (query: string, variables: Variables, signal: AbortSignal) => Promise<unknown>
  /** True when connecting again may bring other credentials. */
  readonly canRefreshToken: boolean
  readonly backoff: BackoffOptions
  readonly now: () => number
}

/** A connection that lasted so long was a good one: the next interruption starts afresh. */
const stableAfterMs = 10_000
/** A fresh token that is refused within this time is refused for good. */
const tokenGraceMs = 10_000
/** Cursors remembered to drop an event that a server sends again. */
const rememberedCursors = 1_000

/** @throws HeirloomError MISUSE for a document that cannot be resumed, or without a beginning */
export function startSubscription<Event>(
  options: SubscribeOptions<Event>,
  dependencies: SubscriptionDependencies,
): Subscription {
  requireResumable(options.query)
  if (options.after === undefined && options.start === undefined) {
    throw misuse(
      'the subscription has no beginning: give after (a cursor) or start (a query that answers one)',
    )
  }
  const controller = new AbortController()
  const signal =
    options.signal === undefined
      ? controller.signal
      : AbortSignal.any([controller.signal, options.signal])
  const backoff = createBackoff(dependencies.backoff)
  const recent = new Set<string>()
  let cursor = options.after ?? null
  let refreshedAt = -Infinity

  async function begin(): Promise<string> {
    if (cursor !== null) return cursor
    const { query = '', variables = {} } = options.start ?? {}
    const data = await dependencies.ask(query, variables, signal)
    const value: unknown =
      typeof data === 'object' && data !== null ? Object.values(data)[0] : undefined
    if (typeof value === 'string' && value !== '') return value
    throw misuse('the start query must have one field, and it must answer a cursor')
  }

  async function handOut(result: EventResult): Promise<void> {
    const errors = result.errors ?? []
    if (result.data === null || result.data === undefined) throw answerError(errors)
    const { event, cursor: position } = eventOf(result.data)
    if (recent.has(position)) return
    try {
      await options.onEvent(event as Event, { cursor: position, errors })
    } catch (cause) {
      throw new HeirloomError('CONSUMER_FAILED', `onEvent failed: ${messageOf(cause)}`, { cause })
    }
    cursor = position
    recent.add(position)
    if (recent.size > rememberedCursors) {
      const [oldest] = recent
      if (oldest !== undefined) recent.delete(oldest)
    }
    backoff.reset()
  }

  async function readOnce(): Promise<void> {
    cursor = await begin()
    announce(cursor)
    const openedAt = dependencies.now()
    try {
      const variables = { ...options.variables, after: cursor }
      const socket = readSocket(
        await dependencies.socket(),
        { query: options.query, variables },
        signal,
      )
      for await (const result of socket) await handOut(result)
    } finally {
      if (dependencies.now() - openedAt >= stableAfterMs) backoff.reset()
    }
  }

  let announced = false
  function announce(at: string): void {
    if (announced) return
    announced = true
    options.onStart?.(at)
  }

  /** Milliseconds until the next attempt, or null when there must be none. */
  function delayAfter(error: HeirloomError): number | null {
    if (asksForToken(error) && dependencies.canRefreshToken) {
      const at = dependencies.now()
      if (at - refreshedAt < tokenGraceMs) return null
      refreshedAt = at
      return 0
    }
    return error.retryable ? backoff.nextDelayMs() : null
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      const error = await readOnce().then(
        () =>
          new HeirloomError('CONNECTION_LOST', 'the server ended the subscription', {
            retryable: true,
          }),
        (failure: unknown) => asHeirloomError(failure),
      )
      if (signal.aborted) return
      const delayMs = delayAfter(error)
      if (delayMs === null) {
        options.onError(error)
        return
      }
      options.onInterruption?.(error, delayMs)
      await wait(delayMs, signal)
    }
  }

  return {
    get cursor() {
      return cursor
    },
    ended: run(),
    close: () => controller.abort(),
  }
}

function asHeirloomError(failure: unknown): HeirloomError {
  if (failure instanceof HeirloomError) return failure
  return new HeirloomError('MISUSE', messageOf(failure), { cause: failure })
}

function messageOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure)
}
