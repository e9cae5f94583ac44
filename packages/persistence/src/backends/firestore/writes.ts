/**
 * Phases of a transact:
 *   0. where a document may be somebody else's (places.ts), read what is to be written over
 *      regardless of its version: what it is then becomes what phase 1 expects;
 *   1. commit everything at once, with what the caller expects as preconditions: `exists: false`
 *      for an absent record, the update time that its version names for a present one;
 *   2. only when that is refused, read every document of which something is expected, and judge:
 *      an expectation that does not hold is a CONFLICT;
 *   3. when all of them hold after all, a document was expired (which counts as absent), or it
 *      changed in between: commit again, expecting the very documents that were read; then 2.
 * Invariants: a commit is all or nothing, and what it expects is exactly what was judged. A commit
 * of ours that was made without our hearing of it is known by its nonce, which no other has; where
 * no nonce is left to see, it is reported as it is, uncertain.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@heirloom/errors'
import { conflict } from '../../ports/conflict.js'
import type { Expectation, RecordVersion, Write } from '../../ports/record-table.js'
import { Refused, type Database, type WireWrite } from './database.js'
import {
  belongsTo,
  documentFields,
  isExpired,
  readSnapshot,
  readVersion,
  versionOf,
  type Fields,
  type Owner,
  type Snapshot,
} from './documents.js'
import type { WireTimestamp } from './values.js'

export interface PlannedWrite {
  readonly name: string
  readonly sk: string
  /** Null for a delete. */
  readonly fields: Fields | null
  readonly expect: Expectation
  readonly expiresAtMs: number | null
}

export interface WriteContext extends Owner {
  readonly digest: string
  readonly attributes: readonly string[]
  readonly nonce: string
}

type Precondition = WireWrite['currentDocument']
type Seen = ReadonlyMap<string, Snapshot>

const maxAttempts = 8
const maxBackoffMs = 200

export function newNonce(): string {
  return randomUUID()
}

export function planWrite(
  context: WriteContext,
  name: string,
  write: Write,
  text: string | null,
): PlannedWrite {
  const { sk, expect = 'anything' } = write
  if (write.op === 'delete' || text === null) {
    return { name, sk, fields: null, expect, expiresAtMs: null }
  }
  const expiresAt = write.expiresAt ?? null
  const fields = documentFields({ ...context, sk, key: context.digest + sk, text, expiresAt })
  return { name, sk, fields, expect, expiresAtMs: expiresAt === null ? null : expiresAt.getTime() }
}

export interface Transaction {
  readonly owner: Owner
  readonly nonce: string
  /** `Places.exclusive` */
  readonly exclusive: boolean
  readonly writes: readonly PlannedWrite[]
}

/** @throws AppError CONFLICT, BACKEND_UNAVAILABLE, TIMEOUT, PAYLOAD_TOO_LARGE */
export async function transact(
  database: Database,
  { owner, nonce, exclusive, writes }: Transaction,
  now: () => number,
): Promise<readonly (RecordVersion | null)[]> {
  const judged = writes.filter((write) => !exclusive || write.expect !== 'anything')
  const unowned = exclusive ? [] : writes.filter((write) => write.expect === 'anything')
  let seen: Seen = unowned.length === 0 ? new Map() : await read(database, unowned)
  let uncertain = false
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const first = attempt === 0
    const strangers = writes.flatMap((write, index) =>
      isStranger(write, seen, owner) ? [index] : [],
    )
    if (strangers.length > 0 && first) throw conflict(strangers)
    const preconditions = writes.map((write) =>
      first ? expectedOf(write, exclusive, seen, now()) : seenOf(write, exclusive, seen),
    )
    if (!preconditions.includes('cannot hold')) {
      try {
        const times = await database.commit(
          writes.map((write, index) => wireWrite(write, preconditions[index])),
        )
        return writes.map((write, index) => versionAfter(write, times[index] ?? {}))
      } catch (error) {
        if (!(error instanceof Refused)) throw error
        uncertain ||= error.uncertain
      }
      if (!first) await delay(Math.random() * Math.min(maxBackoffMs, 2 ** attempt))
    }
    seen = await read(database, judged)
    const committed = ownCommit(judged, seen, nonce)
    if (committed !== null) return writes.map((write) => versionAfter(write, committed))
    const failed = writes.flatMap((write, index) =>
      !isStranger(write, seen, owner) && holds(write, seen, now()) ? [] : [index],
    )
    if (failed.length > 0) throw uncertain ? unknownOutcome() : conflict(failed)
  }
  throw conflict([])
}

async function read(database: Database, writes: readonly PlannedWrite[]): Promise<Seen> {
  const documents = await database.get(writes.map((write) => write.name))
  return new Map(documents.map((document) => [document.name ?? '', readSnapshot(document)]))
}

function ownCommit(
  writes: readonly PlannedWrite[],
  seen: Seen,
  nonce: string,
): WireTimestamp | null {
  const own = writes.find((write) => seen.get(write.name)?.nonce === nonce)
  return own === undefined ? null : (seen.get(own.name)?.updateTime ?? null)
}

function isStranger({ name, sk }: PlannedWrite, seen: Seen, owner: Owner): boolean {
  const snapshot = seen.get(name)
  return snapshot !== undefined && !belongsTo(snapshot, owner, sk)
}

function holds({ name, expect }: PlannedWrite, seen: Seen, now: number): boolean {
  if (expect === 'anything') return true
  const snapshot = seen.get(name)
  if (snapshot === undefined || isExpired(snapshot, now)) return expect === 'absent'
  if (expect === 'absent') return false
  return versionOf(snapshot.updateTime, snapshot.expiresAtMs) === expect.version
}

/** What the caller expects, before anything that he expects something of was seen. */
function expectedOf(
  write: PlannedWrite,
  exclusive: boolean,
  seen: Seen,
  now: number,
): Precondition | 'cannot hold' {
  const { expect } = write
  if (expect === 'anything') return seenOf(write, exclusive, seen)
  if (expect === 'absent') return { exists: false }
  const version = readVersion(expect.version)
  if (version === null || isExpired(version, now)) return 'cannot hold'
  return { updateTime: version.updateTime }
}

function seenOf({ name, expect }: PlannedWrite, exclusive: boolean, seen: Seen): Precondition {
  if (expect === 'anything' && exclusive) return undefined
  const updateTime = seen.get(name)?.updateTime
  return updateTime === undefined ? { exists: false } : { updateTime }
}

function wireWrite(
  { name, fields }: PlannedWrite,
  precondition: Precondition | 'cannot hold',
): WireWrite {
  const currentDocument =
    precondition === undefined || precondition === 'cannot hold'
      ? {}
      : { currentDocument: precondition }
  if (fields === null) return { delete: name, ...currentDocument }
  return {
    update: { name, fields },
    // What listeners order by: the one clock that all writers share.
    updateTransforms: [{ fieldPath: 'written_at', setToServerValue: 'REQUEST_TIME' }],
    ...currentDocument,
  }
}

function versionAfter(write: PlannedWrite, time: WireTimestamp): RecordVersion | null {
  return write.fields === null ? null : versionOf(time, write.expiresAtMs)
}

function unknownOutcome(): AppError {
  return new AppError(
    'BACKEND_UNAVAILABLE',
    'Firestore did not say whether this was written: read it, and try again',
  )
}
