/**
 * Copies what was on the primary before the shadow was written to. A record of a page is put where
 * the shadow has none: should it have been changed or deleted since it was read, then whoever did
 * that has left, or will leave, the newer state or a tombstone there, and one of the two writes
 * fails (strategies/copy-record.ts). Where the shadow has something already, the record is copied
 * anew, and written even if it is the same, so that no copy of an earlier migration that is still
 * on its way can replace it.
 *
 * A backend that is away for a moment is asked again for what failed, and not for the whole page: a
 * page of which each call may fail would never be done.
 *
 * Not covered: a record that is scanned, then overwritten with one that expires, and has expired,
 * before the page is put (within one page's time). Verification compares it once more.
 */
import { failedWrites } from '../ports/conflict.js'
import type { ScannedRecord } from '../ports/record-scan.js'
import type { RecordTable, Write } from '../ports/record-table.js'
import { inParallel } from '../strategies/bounded.js'
import { copyRecord, copyRecords } from '../strategies/copy-record.js'
import { isUnfit, transactsOf } from '../strategies/transacts.js'
import { again } from './again.js'
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
    // A scan may show a record twice.
    const puts = [...new Map(items.map((one) => [one.sk, one])).values()].map(newRecord)
    for (const some of transactsOf(table.capabilities, puts)) {
      signal.throwIfAborted()
      const sks = some.map(({ sk }) => sk)
      const refused = (await again(signal, () => putTogether(sides, table, pk, some)))
        ? []
        : await copyAnew(sides, { tenant, pk, sks }, signal)
      copied += some.length - refused.length
      differences.push(...refused)
    }
  })
  return { copied, differences }
}

function newRecord({ sk, value, expiresAt }: ScannedRecord): Write {
  return { op: 'put', sk, value, expiresAt, expect: 'absent' }
}

async function putTogether(
  sides: Sides,
  table: RecordTable,
  pk: string,
  writes: readonly Write[],
): Promise<boolean> {
  await sides.stands()
  try {
    await table.transact(pk, writes)
    return true
  } catch (error) {
    if (failedWrites(error) !== null || isUnfit(error)) return false
    throw error
  }
}

type Keys = Pick<ScannedRecord, 'tenant' | 'pk'> & { readonly sks: readonly string[] }

/** Resolves to what the shadow refuses. */
async function copyAnew(
  sides: Sides,
  { tenant, pk, sks }: Keys,
  signal: AbortSignal,
): Promise<readonly Difference[]> {
  const tables = sides.tables(tenant)
  try {
    await again(signal, () => copyRecords(tables, pk, sks, true))
    return []
  } catch (error) {
    if (!isUnfit(error)) throw error
  }
  const refused: Difference[] = []
  for (const sk of sks) {
    signal.throwIfAborted()
    try {
      await again(signal, () => copyRecord(tables, pk, sk, true))
    } catch (error) {
      if (!isUnfit(error)) throw error
      refused.push(refusal({ tenant, pk, sk }, error))
    }
  }
  return refused
}

export function refusal(key: Pick<Difference, 'tenant' | 'pk' | 'sk'>, error: unknown): Difference {
  const reason = error instanceof Error ? error.message : null
  return { ...key, kind: 'refused', isRepaired: false, reason }
}
