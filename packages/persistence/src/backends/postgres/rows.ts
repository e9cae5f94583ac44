import type { JsonObject, RecordVersion, TableRecord } from '../../ports/record-table.js'

export interface ReadRow {
  readonly sk: string
  readonly value: JsonObject
  readonly version: number
  readonly expires_at_ms: number | null
}

export const columns = `sk, value, version,
  (extract(epoch from expires_at) * 1000)::float8 as expires_at_ms`

export function toRecord(row: ReadRow): TableRecord {
  return {
    sk: row.sk,
    value: row.value,
    version: versionOf(row),
    expiresAt: row.expires_at_ms === null ? null : new Date(Math.round(row.expires_at_ms)),
  }
}

export function versionOf({ version }: { readonly version: number }): RecordVersion {
  return String(version) as RecordVersion
}
