import { createBackoff, wait, type BackoffOptions } from './backoff.js'
import { eventOf, requireResumable } from './document.js'
import {
  answerError,
  asksForToken,
  connectionLost,
  HeirloomError,
  misuse,
  type GraphQLAnswerError,
} from './heirloom-error.js'
import type { Variables } from './http.js'
import type { EventResult } from './socket.js'
import type { Surroundings } from './surroundings.js'

/**
 * A subscription that survives its connections.
 *
 * Phases: (1) find the cursor to begin after, which is given or asked of the server; (2) read one
 * connection until it ends, handing out each event and then moving the cursor to it; (3) wait, and
 * go on with 2 from the cursor. Invariants: `onEvent` runs for one event at a time; the cursor is
 * never ahead of an event that was not handed out; nothing of an earlier connection is read once a
 * later one is opened.
 */
export interface SubscribeOptions<Event> {
  /** Begin after this cursor, for example one that was stored. */
  readonly after?: string | undefined
  /**
   * Without `after`: a query whose one field answers the cursor of the present end. It is asked
   * before the first connection, since a subscription that begins "now" would lose what is written
   * before its first event when the connection is cut. Known for `timeline` and `eventStream`.
   * 'now' does without, for a field that has no such query, and takes that loss.
   */
  readonly start?: StartQuery | 'now' | undefined
  /**
   * Gets every event once, in order. When it returns a promise, the next event waits for it; when
   * it throws, the subscription ends with that error, and the cursor stays before the event.
   */
  readonly onEvent: (event: Event, details: EventDetails) => void | Promise<void>
  /** Called at most once: the subscription has ended and will not come back by itself. */
  readonly onError?: (error: HeirloomError) => void
  /** Called when the connection is lost, before it is tried again. */
  readonly onInterruption?: (error: HeirloomError, retryInMs: number) => void
  /** Called when the cursor to begin after is known: from here on nothing is missed. */
  readonly onStart?: (cursor: string) => void
  /**
   * Called when the server takes the cursor no more: CURSOR_EXPIRED (`error.details.startsAt` is
   * the cursor of where the stream now starts), CURSOR_AHEAD or CURSOR_INVALID. The cursor that it
   * answers is gone on from; undefined ends the subscription, as it ends without this function:
   * events may be missing, and nobody else can know what that means.
   */
  readonly onCursorRefused?: (
    error: HeirloomError,
  ) => string | undefined | Promise<string | undefined>
  readonly signal?: AbortSignal | undefined
}

export interface StartQuery {
  readonly query: string
  readonly variables?: Variables
}

export interface EventDetails {
  readonly cursor: string
  /** The whole data that the event came in. */
  readonly data: unknown
  /** What could not be resolved in this event, for example a field of a subgraph that is away. */
  readonly errors: readonly GraphQLAnswerError[]
}

export interface Subscription {
  /** Of the last event whose `onEvent` is done, or where it began; store it to go on later. */
  readonly cursor: string | null
  /** Events that the server sent again, and that were dropped: 0, unless the server has a fault. */
  readonly repeated: number
  /** Resolves when the subscription has ended, for whatever reason. Never rejects. */
  readonly ended: Promise<void>
  close(): void
}

export interface SubscriptionDependencies {
  /** One connection, from opening it to its end. */
  readonly connect: (
    payload: { query: string; variables: Variables },
    signal: AbortSignal,
  ) => AsyncIterable<EventResult>
  readonly ask: (query: string, variables: Variables, signal: AbortSignal) => Promise<unknown>
  /** True when connecting again may bring other credentials. */
  readonly canRefreshToken: boolean
  readonly backoff: BackoffOptions
  readonly surroundings: Surroundings
  readonly now: () => number
}

/** A connection that lasted so long was a good one: the next interruption starts afresh. */
const stableAfterMs = 10_000
/** A fresh token that is refused within this time is refused for good. */
const tokenGraceMs = 10_000
/** Cursors remembered to drop an event that a server sends again. */
const rememberedCursors = 1_000
/** No hint of the API makes a subscription wait longer. */
const maxHintMs = 300_000
const cursorCodes = new Set(['CURSOR_EXPIRED', 'CURSOR_AHEAD', 'CURSOR_INVALID'])

/** @throws HeirloomError MISUSE for a document that cannot be resumed, or without a beginning */
export function startSubscription<Event>(
  document: { readonly query: string; readonly variables: Variables },
  options: SubscribeOptions<Event>,
  dependencies: SubscriptionDependencies,
): Subscription {
  requireResumable(document.query)
  const { start } = options
  if (options.after === undefined && start === undefined) {
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
  let repeated = 0
  let refreshedAt = -Infinity
  let refused: string | undefined

  async function begin(): Promise<string | null> {
    if (cursor !== null || start === undefined || start === 'now') return cursor
    const data = await dependencies.ask(start.query, start.variables ?? {}, signal)
    const value: unknown =
      typeof data === 'object' && data !== null ? Object.values(data)[0] : undefined
    if (typeof value === 'string' && value !== '') return value
    throw misuse('the start query must have one field, and it must answer a cursor')
  }

  async function handOut(result: EventResult): Promise<void> {
    const errors = result.errors ?? []
    if (result.data === null || result.data === undefined) throw answerError(errors)
    const { event, cursor: position } = eventOf(result.data)
    if (recent.has(position)) {
      repeated += 1
      return
    }
    try {
      await options.onEvent(event as Event, { cursor: position, data: result.data, errors })
    } catch (cause) {
      throw new HeirloomError('CONSUMER_FAILED', `onEvent failed: ${messageOf(cause)}`, { cause })
    }
    cursor = position
    remember(position)
    backoff.reset()
  }

  function remember(position: string): void {
    recent.add(position)
    const [oldest] = recent
    if (recent.size > rememberedCursors && oldest !== undefined) recent.delete(oldest)
  }

  async function readOnce(): Promise<void> {
    cursor = await begin()
    announce(cursor)
    const openedAt = dependencies.now()
    try {
      const variables = { ...document.variables, after: cursor }
      for await (const result of dependencies.connect({ ...document, variables }, signal)) {
        await handOut(result)
        // Closed by the consumer, or by whoever it told.
        if (signal.aborted) return
      }
    } finally {
      if (dependencies.now() - openedAt >= stableAfterMs) backoff.reset()
    }
  }

  let announced = false
  function announce(at: string | null): void {
    if (announced || at === null) return
    announced = true
    options.onStart?.(at)
  }

  /** Milliseconds until the next attempt, or null when there must be none. */
  async function delayAfter(error: HeirloomError): Promise<number | null> {
    if (asksForToken(error) && dependencies.canRefreshToken) {
      const at = dependencies.now()
      if (at - refreshedAt < tokenGraceMs) return null
      refreshedAt = at
      return 0
    }
    if (cursorCodes.has(error.code) && options.onCursorRefused !== undefined) {
      const other = await options.onCursorRefused(error)
      // The same answer twice would go round in circles.
      if (other === undefined || other === refused) return null
      cursor = refused = other
      return 0
    }
    if (!error.retryable) return null
    const hintMs = Math.min(error.retryAfterMs ?? 0, maxHintMs)
    // Spread beyond the hint, which others were given too.
    return hintMs + backoff.nextDelayMs()
  }

  /** A hint ends the wait, except for one that the API asked for. */
  async function rest(delayMs: number, error: HeirloomError): Promise<void> {
    const hinted = new AbortController()
    const unsubscribe =
      error.retryAfterMs === null
        ? dependencies.surroundings.onHint(() => hinted.abort())
        : () => undefined
    await wait(delayMs, AbortSignal.any([signal, hinted.signal]))
    unsubscribe()
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      const error = await readOnce().then(
        () => connectionLost('the server ended the subscription'),
        (failure: unknown) => asHeirloomError(failure),
      )
      if (signal.aborted) return
      const delayMs = await delayAfter(error).catch((failure: unknown) => {
        throw asHeirloomError(failure)
      })
      if (delayMs === null) {
        options.onError?.(error)
        return
      }
      options.onInterruption?.(error, delayMs)
      await rest(delayMs, error)
    }
  }

  const running = run().catch((failure: unknown) => options.onError?.(asHeirloomError(failure)))
  return {
    get cursor() {
      return cursor
    },
    get repeated() {
      return repeated
    },
    ended: running,
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
