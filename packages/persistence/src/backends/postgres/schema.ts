import type { Migrations } from '@heirloom/postgres'
import type { JsonObject } from '../../ports/record-table.js'

/** The record table, for the migration list of every service that opens this backend. */
export const recordMigrations: Migrations = {
  prefix: 'record',
  directory: new URL('../../../migrations/record/', import.meta.url),
}

export interface RecordRow {
  readonly tenant_id: string
  readonly pk: string
  readonly sk: string
  readonly version: number
  readonly value: JsonObject
  readonly expires_at: Date | null
}

export interface RecordSchema {
  readonly record: RecordRow
}
