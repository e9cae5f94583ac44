/**
 * Retention of an event stream: the oldest events go, the others stay.
 *
 * Phases: 1. remove what lies before the start, which a trim that broke off left behind. 2. Read a
 * page after the start, and see how far it need not be kept. 3. Move the start there, in the head,
 * on condition that nobody else wrote the head meanwhile. 4. Remove what lies before the start now;
 * then 2.
 * Invariants: the start only moves forward, and only past events that need not be kept: what is
 * older, or further from the end, stays so however much is appended. An event is removed only when
 * the start is not before it, so a reader who misses it knows why. An event and its marker go in one
 * transaction, on condition that the event is still as it was read: so of several who trim at once,
 * none removes the marker of an event that was appended anew under the same id.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@heirloom/errors'
import { failedWrites } from '../ports/conflict.js'
import type { RecordTable, TableRecord, Write } from '../ports/record-table.js'
import { untilWritten } from './contention.js'
import { eventAfter, eventKey, eventPrefix, headKey, markerKey } from './event-stream-keys.js'
import {
  readChain,
  readCount,
  readEvent,
  readHead,
  writeHead,
  type CountedHead,
} from './event-stream-records.js'
import type { StreamPosition } from './event-stream-types.js'

/** An event goes when it is older than this, or when so many newer ones are there. */
export interface Kept {
  /** Since it was appended; without it, age lets none go. */
  readonly maxAgeMs?: number
  /** Without it, number lets none go. */
  readonly maxEvents?: number
}

export interface Trimmed {
  readonly removed: number
  /** Where the stream starts now. */
  readonly startsAfter: StreamPosition
  /** Whether there may be more to remove. */
  readonly more: boolean
}

const pageEvents = 500
/** Of one call. */
const maxRemoved = 5_000
const maxAttempts = 20
const maxBackoffMs = 50
const microsecondsPerMs = 1_000

export function createTrim(
  table: RecordTable,
  { now, random }: { readonly now: () => number; readonly random: () => number },
): (pk: string, kept: Kept) => Promise<Trimmed> {
  const pageLimit = (): number => Math.min(pageEvents, table.capabilities.maxPageItems)

  async function trim(pk: string, kept: Kept): Promise<Trimmed> {
    check(kept)
    let head = await headOf(table, pk)
    let removed = await removeUpTo(pk, head.startsAfter)
    for (;;) {
      const goal = await removable(pk, head, kept)
      if (goal === undefined) return { removed, startsAfter: head.startsAfter, more: false }
      head = await moveStart(pk, goal)
      removed += await removeUpTo(pk, head.startsAfter)
      if (removed >= maxRemoved) return { removed, startsAfter: head.startsAfter, more: true }
    }
  }

  /** The position of the last event in a row, from the start on, that need not be kept. */
  async function removable(
    pk: string,
    head: CountedHead,
    kept: Kept,
  ): Promise<StreamPosition | undefined> {
    if (head.position <= head.startsAfter) return undefined
    const range = { prefix: eventPrefix, after: eventAfter(head.startsAfter), limit: pageLimit() }
    const { records } = await table.query(pk, range)
    const chained = readChain(records, head.startsAfter)
    let goal: StreamPosition | undefined
    for (const [index, { position }] of chained.entries()) {
      const record = records[index]
      if (record === undefined || isKept(record, position, head, kept)) break
      goal = position
    }
    return goal
  }

  function isKept(
    record: TableRecord,
    position: StreamPosition,
    head: CountedHead,
    { maxAgeMs, maxEvents }: Kept,
  ): boolean {
    const old = maxAgeMs !== undefined && position <= (now() - maxAgeMs) * microsecondsPerMs
    const count = readCount(record)
    const surplus =
      maxEvents !== undefined && count !== undefined && count <= head.count - maxEvents
    return !old && !surplus
  }

  async function moveStart(pk: string, to: StreamPosition): Promise<CountedHead> {
    return untilWritten('this stream', random, async () => {
      const record = await table.get(pk, headKey)
      const head = readHead(record)
      // Somebody else was faster.
      if (record === null || head.startsAfter >= to) return head
      const moved = { ...head, startsAfter: to }
      try {
        await table.put(pk, headKey, writeHead(moved), { expect: { version: record.version } })
        return moved
      } catch (error) {
        if (failedWrites(error) === null) throw error
        return null
      }
    })
  }

  async function removeUpTo(pk: string, position: StreamPosition): Promise<number> {
    if (position === 0) return 0
    let removed = 0
    for (let beaten = 0; beaten < maxAttempts;) {
      const range = { prefix: eventPrefix, before: eventAfter(position), limit: pageLimit() }
      const { records } = await table.query(pk, range)
      if (records.length === 0) return removed
      const count = await remove(pk, records)
      removed += count
      if (count < records.length) {
        beaten += 1
        await delay(random() * maxBackoffMs)
      }
    }
    throw new AppError('TIMEOUT', 'others trim this stream at the same time; try again')
  }

  /** How many of them were removed before somebody else removed one. */
  async function remove(pk: string, records: readonly TableRecord[]): Promise<number> {
    // Each event takes two records.
    const chunk = Math.max(1, Math.floor(table.capabilities.maxTransactItems / 2))
    for (let start = 0; start < records.length; start += chunk) {
      const some = records.slice(start, start + chunk)
      try {
        await table.transact(pk, some.flatMap(removal))
      } catch (error) {
        if (failedWrites(error) === null) throw error
        return start
      }
    }
    return records.length
  }

  return trim
}

function removal(record: TableRecord): readonly Write[] {
  const { id, position } = readEvent(record)
  return [
    { op: 'delete', sk: eventKey(position, id), expect: { version: record.version } },
    { op: 'delete', sk: markerKey(id) },
  ]
}

async function headOf(table: RecordTable, pk: string): Promise<CountedHead> {
  return readHead(await table.get(pk, headKey))
}

/** @throws AppError INVALID_INPUT */
function check({ maxAgeMs, maxEvents }: Kept): void {
  for (const bound of [maxAgeMs, maxEvents]) {
    if (bound !== undefined && !(Number.isFinite(bound) && bound >= 0)) {
      throw new AppError('INVALID_INPUT', 'what is kept is given as a number, 0 or more')
    }
  }
}
