/**
 * Phases of a transact:
 *   0. where an item may be somebody else's (places.ts), read what is to be written over regardless
 *      of its version: what it is then becomes what phase 1 expects;
 *   1. send everything at once, with what the caller expects: create for an absent record, an etag
 *      to match for a version. One write is a request of its own, several are a transactional batch;
 *   2. only when that is refused, read the items, and judge: an expectation that does not hold is a
 *      CONFLICT;
 *   3. when all of them hold after all, an item was expired (which counts as absent), it changed in
 *      between, or an item that is to be removed was not there, which fails a batch: send again,
 *      expecting the very items that were read; then 2. What is to be removed and was not there is
 *      replaced by a tombstone, an item that is expired from the start, so that it is not there
 *      after the batch, whoever wrote it meanwhile.
 * Invariants: a batch is all or nothing, and what it expects is exactly what was judged. A write of
 * ours that was made without our hearing of it is known by its nonce, which no other has; where no
 * nonce is left to see, it is reported as it is, uncertain.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@heirloom/errors'
import { conflict } from '../../ports/conflict.js'
import type { Expectation, RecordVersion } from '../../ports/record-table.js'
import type { Account } from './account.js'
import {
  belongsTo,
  isExpired,
  readVersion,
  versionOf,
  type Item,
  type Owner,
  type Seen,
} from './items.js'
import { Refused, send, type Operation } from './operations.js'
import type { Place } from './places.js'
import { readSeen } from './query.js'

export interface PlannedWrite {
  readonly id: string
  readonly sk: string
  /** Null for a delete. */
  readonly item: Item | null
  readonly tombstone: () => Item
  readonly expect: Expectation
}

export interface Transaction {
  readonly owner: Owner
  readonly partition: Omit<Place, 'id'>
  readonly nonce: string
  /** `Places.exclusive` */
  readonly exclusive: boolean
  readonly writes: readonly PlannedWrite[]
}

type SeenById = ReadonlyMap<string, Seen>

const maxAttempts = 8
const maxBackoffMs = 200

/** @throws AppError CONFLICT, BACKEND_UNAVAILABLE, TIMEOUT, PAYLOAD_TOO_LARGE */
export async function transact(
  account: Account,
  { owner, partition, nonce, exclusive, writes }: Transaction,
  now: () => number,
): Promise<readonly (RecordVersion | null)[]> {
  const unowned = exclusive ? [] : writes.filter((write) => write.expect === 'anything')
  let seen = await read(account, partition, unowned)
  let uncertain = false
  const strangers = indexes(writes, (write) => isStranger(write, seen, owner))
  if (strangers.length > 0) throw conflict(strangers)
  // It was not there when we looked, and that is all that a removal by itself asks for.
  if (writes.length === 1 && unowned.some(({ id, item }) => item === null && !seen.has(id))) {
    return [null]
  }

  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const operations = writes.map((write) =>
      attempt === 0
        ? expectedOperation(write, exclusive, seen, now())
        : seenOperation(write, exclusive, seen, writes.length > 1),
    )
    if (!operations.includes('cannot hold')) {
      try {
        const etags = await send(account, partition, operations)
        return writes.map((write, index) => versionAfter(write, etags[index]))
      } catch (error) {
        if (!(error instanceof Refused)) throw error
        uncertain ||= error.uncertain
      }
      if (attempt > 0) await delay(Math.random() * Math.min(maxBackoffMs, 2 ** attempt))
    }
    seen = await read(account, partition, writes)
    if (isCommitted(writes, seen, nonce)) {
      return writes.map((write) => versionAfter(write, seen.get(write.id)?._etag))
    }
    const failed = indexes(
      writes,
      (write) => isStranger(write, seen, owner) || !holds(write, seen, now()),
    )
    if (failed.length > 0) throw uncertain ? unknownOutcome() : conflict(failed)
  }
  throw conflict([])
}

async function read(
  account: Account,
  partition: Omit<Place, 'id'>,
  writes: readonly PlannedWrite[],
): Promise<SeenById> {
  if (writes.length === 0) return new Map()
  const ids = writes.map((write) => write.id)
  const items = await readSeen(account, partition, ids)
  return new Map(items.map((item) => [item.id, item]))
}

/** All of our puts at once: what was written over since has an etag that is not ours. */
function isCommitted(writes: readonly PlannedWrite[], seen: SeenById, nonce: string): boolean {
  const puts = writes.filter((write) => write.item !== null)
  return puts.length > 0 && puts.every((write) => seen.get(write.id)?.nonce === nonce)
}

function isStranger({ id, sk }: PlannedWrite, seen: SeenById, owner: Owner): boolean {
  const item = seen.get(id)
  return item !== undefined && !belongsTo(item, owner, sk)
}

function holds({ id, expect }: PlannedWrite, seen: SeenById, now: number): boolean {
  if (expect === 'anything') return true
  const item = seen.get(id)
  if (item === undefined || isExpired(item, now)) return expect === 'absent'
  return expect !== 'absent' && versionOf(item._etag, item.expires_at) === expect.version
}

/** What the caller expects, before anything that he expects something of was seen. */
function expectedOperation(
  write: PlannedWrite,
  exclusive: boolean,
  seen: SeenById,
  now: number,
): Operation | 'cannot hold' {
  const { id, item, expect } = write
  if (expect === 'anything') {
    if (!exclusive) return seenOperation(write, exclusive, seen, true)
    return item === null ? { type: 'Delete', id } : { type: 'Upsert', item }
  }
  if (expect === 'absent') return item === null ? 'cannot hold' : { type: 'Create', item }
  const version = readVersion(expect.version)
  if (version === null || isExpired(version, now)) return 'cannot hold'
  const { etag } = version
  return item === null ? { type: 'Delete', id, etag } : { type: 'Replace', id, item, etag }
}

function seenOperation(
  { id, item, tombstone, expect }: PlannedWrite,
  exclusive: boolean,
  seen: SeenById,
  inBatch: boolean,
): Operation {
  const etag = seen.get(id)?._etag
  if (exclusive && expect === 'anything') {
    if (item !== null) return { type: 'Upsert', item }
    return etag !== undefined || !inBatch
      ? { type: 'Delete', id }
      : { type: 'Upsert', item: tombstone() }
  }
  if (etag === undefined) return { type: 'Create', item: item ?? tombstone() }
  return item === null ? { type: 'Delete', id, etag } : { type: 'Replace', id, item, etag }
}

function versionAfter(
  { item }: PlannedWrite,
  etag: string | null | undefined,
): RecordVersion | null {
  return item === null ? null : versionOf(etag ?? '', item.expires_at)
}

function unknownOutcome(): AppError {
  return new AppError(
    'BACKEND_UNAVAILABLE',
    'Cosmos did not say whether this was written: read it, and try again',
  )
}

function indexes(
  writes: readonly PlannedWrite[],
  test: (write: PlannedWrite) => boolean,
): readonly number[] {
  return writes.flatMap((write, index) => (test(write) ? [index] : []))
}
