/**
 * How records reach the shadow. Invariants, on which everything about migrations rests:
 *
 *   1. A copy reads the shadow's version first, then the primary, then writes to the shadow on
 *      condition of that version. So of two copies the one with the older state fails: it read the
 *      shadow before the newer one wrote to it.
 *   2. A copy after a write to the primary (`afterWrite`) writes to the shadow even when the shadow
 *      has the same content already. So it makes every copy fail that read the primary before that
 *      write, however late it arrives, even when the process that sent it is long dead.
 *   3. Nothing is ever deleted on a shadow: what is gone becomes a tombstone. So 2 holds for
 *      deletions too.
 *   4. Whoever copies asks, between its reading of the shadow's version and everything else, whether
 *      the primary still is the primary (`stands`). At a cut-over the shadow is first written to as
 *      the primary when nobody can be told yes any more. So a copy in the old direction, whose process
 *      slept through the cut-over, either has a version from before, or is not made.
 *
 * From 1 to 3 follows: the states of a key on the shadow are states that it had on the primary, in
 * their order. They rest on two promises of RecordTable alone, that a read sees every write
 * acknowledged before it, and that a key never has the same version twice. No clock is read for them;
 * 4 rests on leases (routing/lease.ts).
 */
import { AppError } from '@heirloom/errors'
import { failedWrites } from '../ports/conflict.js'
import type { RecordTable, TableRecord, Write } from '../ports/record-table.js'
import { inParallel } from './bounded.js'
import { readMany } from './read-many.js'
import { sameContent } from './same-record.js'
import { isUnfit, transactsOf } from './transacts.js'
import { isTombstone, tombstoneExpiry, tombstoneValue } from './tombstones.js'

export interface CopyTables {
  /** Tombstones hidden, if it can have any. */
  readonly primary: RecordTable
  /** As it is, tombstones included. */
  readonly shadow: RecordTable
  readonly now: () => number
  /** Rejects once the two may have changed places, or when nobody can say. */
  readonly stands: () => Promise<void>
}

export type Copied = 'same' | 'copied'

const maxAttempts = 12
const maxParallelCopies = 8
const maxTogether = 100
const maxRounds = 4

/** @throws AppError PAYLOAD_TOO_LARGE when the shadow cannot take it, and what the backends throw */
export async function copyRecord(
  tables: CopyTables,
  pk: string,
  sk: string,
  afterWrite: boolean,
): Promise<Copied> {
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const found = await tables.shadow.get(pk, sk)
    await tables.stands()
    const record = await tables.primary.get(pk, sk)
    if (!afterWrite && sameContent(found, record)) return 'same'
    if (await written(tables, pk, [copyOf(sk, found, record, tables.now())])) return 'copied'
  }
  throw new AppError('TIMEOUT', 'a record changes faster than it can be copied')
}

/** Together what nobody interferes with, the rest one by one. @throws AppError as `copyRecord` does */
export async function copyRecords(
  tables: CopyTables,
  pk: string,
  sks: readonly string[],
  afterWrite: boolean,
): Promise<void> {
  const unique = [...new Set(sks)]
  for (let start = 0; start < unique.length; start += maxTogether) {
    const some = unique.slice(start, start + maxTogether)
    const left = some.length > 1 ? await copyMost(tables, pk, some, afterWrite) : some
    await inParallel(left, maxParallelCopies, async (sk) => {
      await copyRecord(tables, pk, sk, afterWrite)
    })
  }
}

/** Resolves to the keys that are still to be copied. */
async function copyMost(
  tables: CopyTables,
  pk: string,
  sks: readonly string[],
  afterWrite: boolean,
): Promise<readonly string[]> {
  const found = await readMany(tables.shadow, pk, sks)
  await tables.stands()
  const records = await readMany(tables.primary, pk, sks)
  const writes = sks.flatMap((sk) => {
    const [there, record] = [found.get(sk) ?? null, records.get(sk) ?? null]
    const isSame = !afterWrite && sameContent(there, record)
    return isSame ? [] : [copyOf(sk, there, record, tables.now())]
  })
  const left: string[] = []
  for (const some of transactsOf(tables.shadow.capabilities, writes)) {
    left.push(...(await writeMost(tables, pk, some)))
  }
  return left
}

/** Leaves out where somebody else was faster, round by round: those fail by themselves as well. */
async function writeMost(
  { shadow }: CopyTables,
  pk: string,
  writes: readonly Write[],
): Promise<readonly string[]> {
  const left: string[] = []
  let rest = writes
  for (let round = 0; round < maxRounds && rest.length > 0; round += 1) {
    try {
      await shadow.transact(pk, rest)
      return left
    } catch (error) {
      const failed = failedWrites(error)
      if (failed === null && !isUnfit(error)) throw error
      // One by one it shows which of them it was.
      if (failed === null || failed.length === 0) break
      left.push(...failed.flatMap((index) => rest[index]?.sk ?? []))
      rest = rest.filter((_, index) => !failed.includes(index))
    }
  }
  return [...left, ...rest.map(({ sk }) => sk)]
}

function copyOf(
  sk: string,
  found: TableRecord | null,
  record: TableRecord | null,
  now: number,
): Write {
  const expect = found === null ? 'absent' : { version: found.version }
  if (record !== null) {
    return { op: 'put', sk, value: record.value, expiresAt: record.expiresAt, expect }
  }
  // One that stands already stays as long as it was to stay: it is written anew for its version.
  const expiresAt = found !== null && isTombstone(found) ? found.expiresAt : tombstoneExpiry(now)
  return { op: 'put', sk, value: tombstoneValue, expiresAt, expect }
}

/** False when somebody else was faster. */
async function written(
  { shadow }: CopyTables,
  pk: string,
  writes: readonly Write[],
): Promise<boolean> {
  try {
    await shadow.transact(pk, writes)
    return true
  } catch (error) {
    if (failedWrites(error) === null) throw error
    return false
  }
}
