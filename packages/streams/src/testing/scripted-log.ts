import { setImmediate as nextTurn } from 'node:timers/promises'
import type { EventLog, LogEvent, LogPage, Position } from '../event-log.js'

/** A log in memory whose reads can be held, and whose wake-ups can be lost. */
export interface ScriptedLog extends EventLog<LogEvent> {
  append(...positions: readonly Position[]): void
  /** Appends and tells nobody. */
  appendSilently(...positions: readonly Position[]): void
  /** Wakes everybody who waits, for nothing. */
  wake(): void
  trimTo(position: Position): void
  /** From now on, until it is given none. */
  fail(error: Error | undefined): void
  /** Runs between the moment the next read is answered and the moment the reader gets it. */
  afterNextRead(work: () => void): void
  /** Lets everybody who can run do so: whoever reads has read, and waits. */
  settled(): Promise<void>
  readonly reads: number
  readonly waiting: number
}

export function createScriptedLog(): ScriptedLog {
  const events: LogEvent[] = []
  const wakes = new Set<() => void>()
  let startsAfter = 0
  let failure: Error | undefined
  let afterRead: (() => void) | undefined
  let reads = 0

  const log: ScriptedLog = {
    readAfter: async (position, limit): Promise<LogPage<LogEvent>> => {
      reads += 1
      const page = events.filter((event) => event.position > position).slice(0, limit)
      const start = startsAfter
      const work = afterRead
      afterRead = undefined
      work?.()
      await Promise.resolve()
      if (failure !== undefined) throw failure
      return { events: page, startsAfter: start }
    },
    head: async () => {
      if (failure !== undefined) throw failure
      return { position: events.at(-1)?.position ?? startsAfter, startsAfter }
    },
    onAppend: (wake) => {
      wakes.add(wake)
      return () => wakes.delete(wake)
    },
    append: (...positions) => {
      log.appendSilently(...positions)
      log.wake()
    },
    appendSilently: (...positions) => {
      events.push(...positions.map((position) => ({ position })))
    },
    wake: () => {
      for (const wake of wakes) wake()
    },
    trimTo: (position) => {
      startsAfter = position
      while ((events[0]?.position ?? Infinity) <= position) events.shift()
    },
    fail: (error) => {
      failure = error
    },
    afterNextRead: (work) => {
      afterRead = work
    },
    settled: () => nextTurn(),
    get reads() {
      return reads
    },
    get waiting() {
      return wakes.size
    },
  }
  return log
}
