import { setTimeout as delay } from 'node:timers/promises'
import { AppError, type ErrorCode } from '@heirloom/errors'
import type { Logger } from '@heirloom/telemetry'
import { UpstreamBroken, UpstreamRefused } from './upstream.js'

export interface ResumeOptions<Batch> {
  /** Opens the subscription strictly after a position; undefined means from now. */
  readonly open: (after: string | undefined) => AsyncIterable<Batch>
  /** Where the caller asked to start. */
  readonly after: string | undefined
  /** The position after a batch; undefined for a subscription that has none. */
  readonly positionAfter: (batch: Batch) => string | undefined
  /** Asked when what was opened ends by itself: whether it is to be opened again. */
  readonly opensAgain: () => boolean
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
  // What a caller may follow is decided for a time; each socket is opened with a new token.
  'TOKEN_EXPIRED',
]

/**
 * Every event once and in order across broken sockets: after each break it opens the subscription
 * again from the last batch that it handed out. Invariant: `position` is that of the last batch
 * yielded, so what was received but not yielded is read again, and nothing that was yielded is.
 * A subscription from now has no position before its first event, unless the subgraph tells one;
 * if it breaks there it ends with SUBGRAPH_UNAVAILABLE, because to start again from now would
 * silently lose what happened in between.
 * @throws AppError when it cannot go on
 */
export async function* resumed<Batch>(
  options: ResumeOptions<Batch>,
  signal: AbortSignal,
): AsyncGenerator<Batch, void, void> {
  const now = options.now ?? Date.now
  let position = options.after
  let established = false
  let failures = 0
  let brokenSince = now()

  for (;;) {
    try {
      for await (const batch of options.open(position)) {
        established = true
        failures = 0
        position = options.positionAfter(batch) ?? position
        yield batch
        brokenSince = now()
      }
      if (signal.aborted || !options.opensAgain()) return
    } catch (error) {
      if (signal.aborted) return
      // However long it was quiet: it was well until now.
      if (wasFollowed(error)) failures = 0
      if (failures === 0) brokenSince = now()
      const limitMs = established ? options.limits.outageMs : options.limits.connectMs
      const canGoOn = position !== undefined || !mayHaveBegun(error)
      const inTime = now() - brokenSince < limitMs
      if (!isPassing(error, established) || !canGoOn || !inTime) throw reasonOf(error)
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
  if (!(error instanceof UpstreamRefused) || !passing.includes(error.error.code)) return false
  return established || wasFollowed(error)
}

/** A quiet stream hands out nothing; but with a cursor its end says that it was followed. */
function wasFollowed(error: unknown): boolean {
  return error instanceof UpstreamRefused && typeof error.error.details['cursor'] === 'string'
}

/** Exponential with full jitter, so that a thousand sockets do not come back at once. */
function backoffMs(failures: number): number {
  return firstDelayMs + Math.random() * Math.min(maxDelayMs, firstDelayMs * 2 ** failures)
}

/** The error that the client sees. */
function reasonOf(error: unknown): unknown {
  if (error instanceof UpstreamRefused) return error.error
  if (!(error instanceof UpstreamBroken)) return error
  return new AppError('SUBGRAPH_UNAVAILABLE', 'the source of these events is away; try again', {
    cause: error,
  })
}

/** With the cursor to go on from, where going on may help. */
export function withCursor(error: AppError, cursor: string | undefined): AppError {
  if (!error.retryable || cursor === undefined) return error
  const details = { ...error.details, cursor }
  return new AppError(error.code, error.message, { cause: error.cause, details })
}
