import type { ScannedRecord } from '../ports/record-scan.js'
import type { Write } from '../ports/record-table.js'
import { failedWrites } from '../ports/conflict.js'
import { inParallel } from '../strategies/bounded.js'
import { again } from './again.js'
import { byPartition, type Side } from './sides.js'

const maxParallelGroups = 4
const maxTogether = 100

/**
 * Removes these records as they were read; one that was written since then stays. `stands` is asked
 * between the reading and this, so that nobody who slept removes what another migration has brought.
 */
export async function removeRecords(
  side: Side,
  records: readonly ScannedRecord[],
  signal: AbortSignal,
): Promise<number> {
  let removed = 0
  await inParallel(byPartition(records), maxParallelGroups, async ({ tenant, pk, items }) => {
    const table = side.table(tenant)
    const most = Math.min(maxTogether, table.capabilities.maxTransactItems)
    const unique = [...new Map(items.map((item) => [item.sk, item])).values()]
    for (let start = 0; start < unique.length; start += most) {
      signal.throwIfAborted()
      const some = unique.slice(start, start + most)
      removed += await again(signal, () => removeTogether(table, pk, some))
    }
  })
  return removed
}

async function removeTogether(
  table: ReturnType<Side['table']>,
  pk: string,
  records: readonly ScannedRecord[],
): Promise<number> {
  const writes = records.map(({ sk, version }): Write => ({
    op: 'delete',
    sk,
    expect: { version },
  }))
  try {
    await table.transact(pk, writes)
    return records.length
  } catch (error) {
    if (failedWrites(error) === null) throw error
    if (records.length === 1) return 0
  }
  let removed = 0
  for (const record of records) removed += await removeTogether(table, pk, [record])
  return removed
}
