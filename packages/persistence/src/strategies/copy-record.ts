/**
 * How one record reaches the shadow. Invariants, on which everything about migrations rests:
 *
 *   1. A copy reads the shadow's version first, then the primary, then writes to the shadow on
 *      condition of that version. So of two copies the one with the older state fails: it read the
 *      shadow before the newer one wrote to it.
 *   2. A copy after a write to the primary (`afterWrite`) writes to the shadow even when the shadow
 *      has the same content already. So it makes every copy fail that read the primary before that
 *      write, however late it arrives, even when the process that sent it is long dead.
 *   3. Nothing is ever deleted on a shadow: what is gone becomes a tombstone. So 2 holds for
 *      deletions too.
 *
 * From 1 to 3 follows: the states of a key on the shadow are states that it had on the primary, in
 * their order. They rest on two promises of RecordTable alone, that a read sees every write
 * acknowledged before it, and that a key never has the same version twice. No clock is read.
 */
import { AppError } from '@heirloom/errors'
import { failedWrites } from '../ports/conflict.js'
import type { RecordTable, TableRecord } from '../ports/record-table.js'
import { inParallel } from './bounded.js'
import { sameContent } from './same-record.js'
import { isTombstone, tombstoneExpiry, tombstoneValue } from './tombstones.js'

export interface CopyTables {
  /** Tombstones hidden, if it can have any. */
  readonly primary: RecordTable
  /** As it is, tombstones included. */
  readonly shadow: RecordTable
  readonly now: () => number
}

export type Copied = 'same' | 'copied'

const maxAttempts = 12
const maxParallelCopies = 8

/** @throws AppError PAYLOAD_TOO_LARGE when the shadow cannot take it, and what the backends throw */
export async function copyRecord(
  tables: CopyTables,
  pk: string,
  sk: string,
  afterWrite: boolean,
): Promise<Copied> {
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const found = await tables.shadow.get(pk, sk)
    const record = await tables.primary.get(pk, sk)
    if (!afterWrite && sameContent(found, record)) return 'same'
    if (await write(tables, pk, sk, found, record)) return 'copied'
  }
  throw new AppError('TIMEOUT', 'a record changes faster than it can be copied')
}

export async function copyRecords(
  tables: CopyTables,
  pk: string,
  sks: readonly string[],
  afterWrite: boolean,
): Promise<void> {
  await inParallel(sks, maxParallelCopies, async (sk) => {
    await copyRecord(tables, pk, sk, afterWrite)
  })
}

async function write(
  { shadow, now }: CopyTables,
  pk: string,
  sk: string,
  found: TableRecord | null,
  record: TableRecord | null,
): Promise<boolean> {
  const expect = found === null ? 'absent' : { version: found.version }
  try {
    if (record === null) {
      // One that stands already stays as long as it was to stay: it is written anew for its version.
      const expiresAt =
        found !== null && isTombstone(found) ? found.expiresAt : tombstoneExpiry(now())
      await shadow.put(pk, sk, tombstoneValue, { expect, expiresAt })
    } else {
      await shadow.put(pk, sk, record.value, { expect, expiresAt: record.expiresAt })
    }
    return true
  } catch (error) {
    if (failedWrites(error) === null) throw error
    return false
  }
}
