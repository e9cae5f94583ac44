/**
 * Follows a log: the log is the truth, the wake-up only a hint.
 *
 * Phases:
 *   1. register for wake-ups, before anything is read;
 *   2. forget earlier wake-ups, then read a page after the position; hand out its events one by
 *      one, moving the position with each; read again until a page is empty;
 *   3. wait until a wake-up came since phase 2 forgot them, or the poll interval passed; then 2.
 *
 * Invariants: an event is in the page read, or it is appended after that read, and then its wake-up
 * finds us registered and is not forgotten before the next read. A lost wake-up costs at most one
 * poll interval. Nothing is read ahead while the consumer does not ask, so a slow consumer holds
 * one page in memory and nobody else up. `return()` and the signal end a wait at once.
 */
import type { EventLog, LogEvent, LogPage, Position } from './event-log.js'

export interface TailOptions {
  /** The first event handed out is the first one after this. */
  readonly from: Position
  /** Aborting ends the iteration, without an error. */
  readonly signal?: AbortSignal
  readonly pollIntervalMs?: number
  /** Events read at once, which is what one reader keeps in memory. */
  readonly batchSize?: number
  /** Called with every page before its events are handed out; may throw to end the iteration. */
  readonly checkPage?: (position: Position, page: LogPage<LogEvent>) => void
}

const defaultPollIntervalMs = 1_000
const defaultBatchSize = 100

/** Every event after `from`, once and in order. What the log throws ends the iteration. */
export function tail<Event extends LogEvent>(
  log: EventLog<Event>,
  options: TailOptions,
): AsyncIterableIterator<Event> {
  const stop = new AbortController()
  const signal =
    options.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, options.signal])
  const events = follow(log, options, signal)
  return {
    next: () => events.next(),
    // A generator that waits would take `return` only after its wait: end the wait first.
    return: async () => {
      stop.abort()
      return events.return(undefined)
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

async function* follow<Event extends LogEvent>(
  log: EventLog<Event>,
  options: TailOptions,
  signal: AbortSignal,
): AsyncGenerator<Event, undefined> {
  const bell = createBell(signal)
  const unsubscribe = log.onAppend(() => bell.ring())
  let position = options.from
  try {
    while (!signal.aborted) {
      bell.silence()
      const page = await log.readAfter(position, options.batchSize ?? defaultBatchSize)
      options.checkPage?.(position, page)
      for (const event of page.events) {
        if (signal.aborted) return undefined
        position = event.position
        yield event
      }
      if (page.events.length === 0) {
        await bell.rung(options.pollIntervalMs ?? defaultPollIntervalMs)
      }
    }
  } finally {
    unsubscribe()
  }
  return undefined
}

/** Remembers that it rang until it is silenced, so that ringing before the wait is not lost. */
interface Bell {
  ring(): void
  silence(): void
  /** Resolves when it has rung since it was silenced, the time has passed, or the signal aborts. */
  rung(timeoutMs: number): Promise<void>
}

function createBell(signal: AbortSignal): Bell {
  let rang = false
  let wake: () => void = () => undefined
  return {
    ring: () => {
      rang = true
      wake()
    },
    silence: () => {
      rang = false
    },
    rung: (timeoutMs) =>
      new Promise<void>((resolve) => {
        if (rang || signal.aborted) return resolve()
        const done = (): void => {
          clearTimeout(timer)
          signal.removeEventListener('abort', done)
          wake = () => undefined
          resolve()
        }
        const timer = setTimeout(done, timeoutMs)
        signal.addEventListener('abort', done, { once: true })
        wake = done
      }),
  }
}
