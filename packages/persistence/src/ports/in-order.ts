import type { TableRecord } from './record-table.js'

/** The records as `getMany` returns them: one for each key asked for, null where there is none. */
export function inOrderOf(
  sks: readonly string[],
  found: readonly TableRecord[],
): readonly (TableRecord | null)[] {
  const records = new Map(found.map((record) => [record.sk, record]))
  return sks.map((sk) => records.get(sk) ?? null)
}
