import { setTimeout as delay } from 'node:timers/promises'
import { AppError, type ErrorCode } from '@heirloom/errors'
import type { Logger } from '@heirloom/telemetry'
import { UpstreamBroken, UpstreamRefused, type UpstreamEvent } from './upstream.js'

export interface ResumeOptions {
  /** Opens the subscription strictly after a position; undefined means from now. */
  readonly open: (after: string | undefined) => AsyncIterable<UpstreamEvent>
  /** Where the caller asked to start. */
  readonly after: string | undefined
  /** The position of an event; undefined for a subscription that has none. */
  readonly cursorOf: (event: UpstreamEvent) => string | undefined
  readonly limits: ResumeLimits
  readonly logger: Logger
  readonly now?: () => number
}

export interface ResumeLimits {
  /** How long to try for a first connection. */
  readonly connectMs: number
  /** How long a subgraph may stay away in the middle of a subscription. */
  readonly outageMs: number
}

export const resumeLimits: ResumeLimits = { connectMs: 10_000, outageMs: 60_000 }

const firstDelayMs = 50
const maxDelayMs = 2_000

/** What a subgraph may say in the middle of a subscription that will pass by itself. */
const passing: readonly ErrorCode[] = [
  'SUBGRAPH_UNAVAILABLE',
  'BACKEND_UNAVAILABLE',
  'TIMEOUT',
  'CONSUMER_TOO_SLOW',
]

/** The key under which a subgraph tells, before the first event, where "from now" began. */
const startCursorKey = 'start_cursor'

/**
 * Every event once and in order across broken sockets: after each break it opens the subscription
 * again from the last event that it handed out. Invariant: `position` is that of the last event
 * yielded, so what was received but not yielded is read again, and nothing that was yielded is.
 * A subscription from now has no position before its first event, unless the subgraph tells one;
 * if it breaks there it ends with SUBGRAPH_UNAVAILABLE, because to start again from now would
 * silently lose what happened in between.
 */
export async function* resumed(
  options: ResumeOptions,
  signal: AbortSignal,
): AsyncGenerator<UpstreamEvent, void, void> {
  const now = options.now ?? Date.now
  let position = options.after
  let established = false
  let failures = 0
  let brokenSince = now()

  for (;;) {
    try {
      for await (const event of options.open(position)) {
        established = true
        failures = 0
        const start = startCursor(event)
        position = start ?? options.cursorOf(event) ?? position
        if (start === undefined) yield event
        brokenSince = now()
      }
      return
    } catch (error) {
      if (signal.aborted) return
      if (failures === 0) brokenSince = now()
      const limitMs = established ? options.limits.outageMs : options.limits.connectMs
      const canGoOn = position !== undefined || !mayHaveBegun(error)
      const inTime = now() - brokenSince < limitMs
      if (!isPassing(error, established) || !canGoOn || !inTime) throw ended(error, position)
      failures += 1
      options.logger.warn(
        { err: error, failures },
        'a subscription broke; going on from its cursor',
      )
      await delay(backoffMs(failures), undefined, { signal }).catch(() => undefined)
      if (signal.aborted) return
    }
  }
}

/** Without a position, what happened since the subgraph began to follow would be lost. */
function mayHaveBegun(error: unknown): boolean {
  return !(error instanceof UpstreamBroken) || error.subscribed
}

function isPassing(error: unknown, established: boolean): boolean {
  if (error instanceof UpstreamBroken) return true
  return established && error instanceof UpstreamRefused && passing.includes(error.error.code)
}

/** Exponential with full jitter, so that a thousand sockets do not come back at once. */
function backoffMs(failures: number): number {
  return firstDelayMs + Math.random() * Math.min(maxDelayMs, firstDelayMs * 2 ** failures)
}

/** The error that the client sees, with the cursor to go on from when there is one. */
function ended(error: unknown, cursor: string | undefined): unknown {
  const known = error instanceof UpstreamRefused ? error.error : error
  const details = cursor === undefined ? {} : { cursor }
  if (known instanceof AppError) {
    return new AppError(known.code, known.message, {
      cause: known.cause,
      details: known.retryable ? { ...known.details, ...details } : known.details,
    })
  }
  if (!(error instanceof UpstreamBroken)) return error
  return new AppError('SUBGRAPH_UNAVAILABLE', 'the source of these events is away; try again', {
    cause: error,
    details,
  })
}

function startCursor(event: UpstreamEvent): string | undefined {
  const cursor = event.extensions?.[startCursorKey]
  return typeof cursor === 'string' && (event.data ?? null) === null ? cursor : undefined
}
