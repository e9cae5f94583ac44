/**
 * An append-only stream of events in one partition of a RecordTable.
 *
 *   pk stream#{stream_id}
 *   sk event#{ts}#{event_id}  the event; ts in microseconds, 16 digits; prev is the ts before it, n
 *                             counts the events of the stream
 *   sk head                   ts and n of the newest event, and where retention left the start
 *   sk id#{event_id}          under which ts an event was appended, for idempotency
 *
 * Clocks differ between writers, so a clock alone cannot order events: one written late with an
 * early time would appear before a position that a reader already passed. Therefore each append
 * advances the head in the same transaction, on condition that it is as the writer saw it.
 * Phases of an append: read the head, or take it as the last append here left it; give each event `ts = max(now, head.ts + 1)`, one more than
 * the event before it; write head, events and markers in one transact. When the head has moved,
 * start again; when markers are there already, leave these events out and start again.
 * Invariants: the order of ts is the order of commits, and a position once read is never written
 * before. Events are a chain: each names the ts of the one before it. A backend may show a later
 * event without an earlier one that is committed as well (`capabilities.pages`); a read hands out
 * events only as far as the chain holds from the position that was asked for, and reads again when
 * that is nowhere although the head says there is more. So whoever is handed an event was handed,
 * or can still read, every event with a smaller ts.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@heirloom/errors'
import { failedWrites } from '../ports/conflict.js'
import type { RecordTable, TableRecord, Write } from '../ports/record-table.js'
import {
  eventAfter,
  eventKey,
  eventPrefix,
  headKey,
  markerKey,
  streamPartition,
} from './event-stream-keys.js'
import {
  readChain,
  readEvent,
  readHead,
  readMarker,
  writeEvent,
  writeHead,
  type CountedHead,
  type StreamHead,
} from './event-stream-records.js'
import { createKnownHeads, knownHead, type KnownHead } from './event-stream-heads.js'
import { createTrim, type Kept, type Trimmed } from './event-stream-trim.js'
import type {
  NewStreamEvent,
  StoredEvent,
  StreamPage,
  StreamPosition,
} from './event-stream-types.js'

export interface EventStreamStore {
  /** How many events one append takes: 500, or what the backend can write at once. */
  readonly maxAppendEvents: number
  /** Whether the backend tells of appends by any process, as a rule. */
  readonly notifies: boolean

  /**
   * Appends events in the order given, all or none, and resolves to them as stored. An event whose
   * id is in the stream already is not written again: the stored one is returned in its place,
   * whatever the new one says. Atomic, durable when resolved, safe to repeat.
   * @throws AppError INVALID_INPUT, PAYLOAD_TOO_LARGE, TIMEOUT when too many writers contend,
   *   BACKEND_UNAVAILABLE (it may have been appended: repeat it)
   */
  append(streamId: string, events: readonly NewStreamEvent[]): Promise<readonly StoredEvent[]>

  /**
   * Up to `limit` events strictly after the position, in append order. `startsAfter` tells where
   * the stream starts: events up to that position are gone, so a reader whose position is smaller
   * has missed some. Nothing is ever left out between the position and the last event returned; a
   * page may end before the limit although there is more, but is empty only at the end.
   * @throws AppError INVALID_INPUT, BACKEND_UNAVAILABLE
   */
  listAfter(streamId: string, position: StreamPosition, limit: number): Promise<StreamPage>

  /** Position of the newest event and of the start; both 0 for a stream that nobody wrote to. */
  head(streamId: string): Promise<StreamHead>

  /**
   * Removes the oldest events that need not be kept, some thousands at most, and says whether there
   * may be more. A cursor behind them is expired from then on. An event that has to be kept stays,
   * whoever appends, reads or trims meanwhile; what a broken trim left behind is removed by the next
   * one. The id of a removed event is forgotten: appended once more, it is a new event.
   * @throws AppError INVALID_INPUT, TIMEOUT when too many writers contend, BACKEND_UNAVAILABLE
   */
  trim(streamId: string, kept: Kept): Promise<Trimmed>

  /** Hint that something was appended, by any process; may be late, doubled or lost. */
  onAppend(streamId: string, wake: () => void): () => void
}

export interface EventStreamOptions {
  /** Milliseconds since 1970. */
  readonly now?: () => number
  /** Between 0 and 1; spreads the retries of contending writers. */
  readonly random?: () => number
}

const maxAppendEvents = 500
const maxAttempts = 60
const maxBackoffMs = 100
/** Of one page; the second one is needed on few backends, and a third one hardly ever. */
const maxReads = 10
const microsecondsPerMs = 1_000

export function createEventStreamStore(
  table: RecordTable,
  options: EventStreamOptions = {},
): EventStreamStore {
  const now = options.now ?? Date.now
  const random = options.random ?? Math.random
  const heads = createKnownHeads()

  /** Each event takes two records, and the head one. Asked anew: a route may change its backend. */
  function batch(): number {
    return Math.min(maxAppendEvents, Math.floor((table.capabilities.maxTransactItems - 1) / 2))
  }

  async function append(
    streamId: string,
    events: readonly NewStreamEvent[],
  ): Promise<readonly StoredEvent[]> {
    const pk = streamPartition(streamId)
    checkBatch(events, batch())
    const stored = new Map<string, StoredEvent>()
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const missing = distinct(events).filter((event) => !stored.has(event.id))
      if (missing.length === 0) return inOrder(events, stored)
      const outcome = await tryAppend(pk, missing)
      for (const event of outcome.stored) stored.set(event.id, event)
      if (outcome.headMoved) await backOff(attempt)
    }
    throw new AppError('TIMEOUT', 'too many writers append to this stream at once; try again')
  }

  /** Either everything was appended, or what is known now lets the next attempt do better. */
  async function tryAppend(
    pk: string,
    events: readonly NewStreamEvent[],
  ): Promise<{ stored: readonly StoredEvent[]; headMoved: boolean }> {
    const known = heads.get(pk) ?? knownHead(await table.get(pk, headKey))
    const { head } = known
    const first = Math.max(now() * microsecondsPerMs, head.position + 1)
    const placed = events.map((event, index) => ({ ...event, position: first + index }))
    try {
      const [version] = await table.transact(pk, writesOf(known, placed))
      heads.appended(pk, version ?? null, headAfter(head, placed))
      return { stored: placed, headMoved: false }
    } catch (error) {
      heads.doubt(pk)
      const failed = failedWrites(error)
      if (failed === null) throw error
      // Writes are the head, then event and marker of each event in turn.
      const duplicates =
        failed.length === 0 ? events : events.filter((_, i) => failed.includes(2 * i + 2))
      const stored = await readStored(pk, duplicates)
      return { stored, headMoved: failed.length === 0 || failed.includes(0) }
    }
  }

  async function readStored(
    pk: string,
    events: readonly NewStreamEvent[],
  ): Promise<readonly StoredEvent[]> {
    const markers = await getAll(
      pk,
      events.map((event) => markerKey(event.id)),
    )
    const keys = events.flatMap((event, index) => {
      const marker = markers[index] ?? null
      return marker === null ? [] : [eventKey(readMarker(marker), event.id)]
    })
    return (await getAll(pk, keys)).flatMap((record) => (record === null ? [] : readEvent(record)))
  }

  async function getAll(
    pk: string,
    sks: readonly string[],
  ): Promise<readonly (TableRecord | null)[]> {
    const { maxBatchGetItems } = table.capabilities
    const records: (TableRecord | null)[] = []
    for (let start = 0; start < sks.length; start += maxBatchGetItems) {
      records.push(...(await table.getMany(pk, sks.slice(start, start + maxBatchGetItems))))
    }
    return records
  }

  async function readAfter(
    pk: string,
    position: StreamPosition,
    limit: number,
  ): Promise<readonly TableRecord[]> {
    const range = { prefix: eventPrefix, after: eventAfter(position), limit }
    let page = await table.query(pk, range)
    const records = [...page.records]
    while (page.next !== null && records.length < limit) {
      page = await table.query(pk, { ...range, token: page.next })
      records.push(...page.records)
    }
    return records.slice(0, limit)
  }

  async function listAfter(
    streamId: string,
    position: StreamPosition,
    limit: number,
  ): Promise<StreamPage> {
    const pk = streamPartition(streamId)
    for (let attempt = 0; attempt < maxReads; attempt += 1) {
      const { position: last, startsAfter } = await readHeadOf(pk)
      if (position >= last) return { events: [], startsAfter }
      // What retention removed is not missing. It moves the start before it removes anything; when
      // that happened after the head was read, the chain breaks, and the next attempt knows.
      const from = Math.max(position, startsAfter)
      const events = readChain(await readAfter(pk, from, limit), from)
      if (events.length > 0 || from >= last) return { events, startsAfter }
      await backOff(attempt)
    }
    throw new AppError('BACKEND_UNAVAILABLE', 'the stream cannot be read without a gap; try again')
  }

  async function readHeadOf(pk: string): Promise<StreamHead> {
    const { position, startsAfter } = readHead(await table.get(pk, headKey))
    return { position, startsAfter }
  }

  async function backOff(attempt: number): Promise<void> {
    await delay(random() * Math.min(maxBackoffMs, 2 ** attempt))
  }

  const trim = createTrim(table, { now, random })

  return {
    get maxAppendEvents() {
      return batch()
    },
    get notifies() {
      return table.capabilities.changes === 'notify'
    },
    append,
    trim: (streamId, kept) => trim(streamPartition(streamId), kept),
    listAfter,
    head: (streamId) => readHeadOf(streamPartition(streamId)),
    onAppend: (streamId, wake) => table.onChange(streamPartition(streamId), wake),
  }
}

function headAfter(head: CountedHead, placed: readonly StoredEvent[]): CountedHead {
  const position = placed.at(-1)?.position ?? head.position
  return { ...head, position, count: head.count + placed.length }
}

function writesOf({ head, version }: KnownHead, placed: readonly StoredEvent[]): readonly Write[] {
  const headWrite: Write = {
    op: 'put',
    sk: headKey,
    value: writeHead(headAfter(head, placed)),
    expect: version === null ? 'absent' : { version },
  }
  const events = placed.flatMap((event, index): Write[] => [
    {
      op: 'put',
      sk: eventKey(event.position, event.id),
      value: writeEvent(
        event,
        placed[index - 1]?.position ?? head.position,
        head.count + index + 1,
      ),
      expect: 'absent',
    },
    { op: 'put', sk: markerKey(event.id), value: { ts: event.position }, expect: 'absent' },
  ])
  return [headWrite, ...events]
}

function checkBatch(events: readonly NewStreamEvent[], max: number): void {
  if (events.length === 0) throw new AppError('INVALID_INPUT', 'there is no event to append')
  if (events.length > max) {
    throw new AppError('PAYLOAD_TOO_LARGE', `at most ${max} events are appended at once`)
  }
}

function distinct(events: readonly NewStreamEvent[]): readonly NewStreamEvent[] {
  const first = new Map<string, NewStreamEvent>()
  for (const event of events) if (!first.has(event.id)) first.set(event.id, event)
  return [...first.values()]
}

function inOrder(
  events: readonly NewStreamEvent[],
  stored: ReadonlyMap<string, StoredEvent>,
): readonly StoredEvent[] {
  return events.flatMap((event) => stored.get(event.id) ?? [])
}
