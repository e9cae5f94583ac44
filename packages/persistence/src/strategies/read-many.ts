import type { RecordTable, TableRecord } from '../ports/record-table.js'

/** Records of one partition by their keys, however many; what is absent is left out. */
export async function readMany(
  table: RecordTable,
  pk: string,
  sks: readonly string[],
): Promise<ReadonlyMap<string, TableRecord>> {
  const { maxBatchGetItems } = table.capabilities
  const found = new Map<string, TableRecord>()
  for (let start = 0; start < sks.length; start += maxBatchGetItems) {
    const records = await table.getMany(pk, sks.slice(start, start + maxBatchGetItems))
    for (const record of records) if (record !== null) found.set(record.sk, record)
  }
  return found
}
