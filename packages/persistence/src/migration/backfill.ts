/**
 * Copies what was on the primary before the shadow was written to. A record of a page is put where
 * the shadow has none: should it have been changed or deleted since it was read, then whoever did
 * that has left, or will leave, the newer state or a tombstone there, and one of the two writes
 * fails (strategies/copy-record.ts). Where the shadow has something already, the record is copied by
 * itself, and written even if it is the same, so that no copy of an earlier migration that is still
 * on its way can replace it.
 *
 * Not covered: a record that is scanned, then overwritten with one that expires, and has expired,
 * before the page is put (within one page's time). Verification compares it once more.
 */
import { hasCode } from '@heirloom/errors'
import { failedWrites } from '../ports/conflict.js'
import type { ScannedRecord } from '../ports/record-scan.js'
import type { RecordTable, Write } from '../ports/record-table.js'
import { inParallel } from '../strategies/bounded.js'
import { copyRecord } from '../strategies/copy-record.js'
import type { Difference } from './migration.js'
import { byPartition, type Sides } from './sides.js'

const maxParallelGroups = 8

export interface PageOutcome {
  readonly copied: number
  readonly differences: readonly Difference[]
}

export async function copyPage(
  sides: Sides,
  records: readonly ScannedRecord[],
  signal: AbortSignal,
): Promise<PageOutcome> {
  const differences: Difference[] = []
  let copied = 0
  await inParallel(byPartition(records), maxParallelGroups, async ({ tenant, pk, items }) => {
    const table = sides.shadow.table(tenant)
    for (const chunk of chunks(table, items)) {
      signal.throwIfAborted()
      if (await putTogether(table, pk, chunk)) {
        copied += chunk.length
        continue
      }
      for (const record of chunk) {
        signal.throwIfAborted()
        const refusal = await copyOne(sides, record, true)
        if (refusal === null) copied += 1
        else differences.push(refusal)
      }
    }
  })
  return { copied, differences }
}

/** Null when the shadow has it now, or what it says against it. */
export async function copyOne(
  sides: Sides,
  { tenant, pk, sk }: Pick<ScannedRecord, 'tenant' | 'pk' | 'sk'>,
  afterWrite: boolean,
): Promise<Difference | null> {
  try {
    await copyRecord(sides.tables(tenant), pk, sk, afterWrite)
    return null
  } catch (error) {
    if (!isRefusal(error)) throw error
    const reason = error instanceof Error ? error.message : null
    return { tenant, pk, sk, kind: 'refused', isRepaired: false, reason }
  }
}

async function putTogether(
  table: RecordTable,
  pk: string,
  records: readonly ScannedRecord[],
): Promise<boolean> {
  const writes = records.map(({ sk, value, expiresAt }): Write => {
    return { op: 'put', sk, value, expiresAt, expect: 'absent' }
  })
  try {
    await table.transact(pk, writes)
    return true
  } catch (error) {
    if (failedWrites(error) !== null || isRefusal(error)) return false
    throw error
  }
}

function isRefusal(error: unknown): boolean {
  return hasCode(error, 'PAYLOAD_TOO_LARGE') || hasCode(error, 'INVALID_INPUT')
}

/** As many as one transact takes, by number and by size; each key once. */
function chunks(
  { capabilities }: RecordTable,
  records: readonly ScannedRecord[],
): readonly (readonly ScannedRecord[])[] {
  const found: ScannedRecord[][] = []
  let room = 0
  for (const record of new Map(records.map((one) => [one.sk, one])).values()) {
    const size = Buffer.byteLength(JSON.stringify(record.value))
    const last = found.at(-1)
    if (last === undefined || size > room || last.length === capabilities.maxTransactItems) {
      found.push([record])
      room = capabilities.maxTransactBytes - size
    } else {
      last.push(record)
      room -= size
    }
  }
  return found
}
