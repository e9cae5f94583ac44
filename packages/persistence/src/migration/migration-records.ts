/**
 * Migrations lie in the registry's own partition, so that a phase and the placement of the route
 * change in one transact (routing/route-records.ts has the keys). Progress is written here alone: it
 * moves no head, and so makes no process load its routes anew.
 */
import { AppError } from '@heirloom/errors'
import { joinKey, keyPrefix } from '../keys.js'
import { failedWrites } from '../ports/conflict.js'
import type {
  JsonObject,
  RecordTable,
  RecordVersion,
  TableRecord,
  Write,
} from '../ports/record-table.js'
import { routesPartition } from '../routing/route-records.js'
import { finalPhases, type Migration } from './migration.js'

export interface StoredMigration {
  readonly migration: Migration
  readonly version: RecordVersion
}

export interface MigrationRecords {
  /** Null when there is none. */
  find(id: string): Promise<StoredMigration | null>
  /** That are not over, oldest first. */
  active(): Promise<readonly StoredMigration[]>
  /** That are over, newest first. */
  finished(limit: number): Promise<readonly Migration[]>
  /**
   * On condition of the version; null when somebody else changed it. The phase stays: another one
   * changes together with the route (`writesOf`).
   */
  save(migration: Migration, version: RecordVersion): Promise<StoredMigration | null>
  onChange(wake: () => void): () => void
}

const maxActive = 500

export function createMigrationRecords(table: RecordTable): MigrationRecords {
  const pk = routesPartition

  async function find(id: string): Promise<StoredMigration | null> {
    const record =
      (await table.get(pk, activeKey(id))) ?? (await table.get(pk, joinKey('!moved', id)))
    return record === null ? null : read(record)
  }

  return {
    find,
    active: async () => {
      const limit = Math.min(maxActive, table.capabilities.maxPageItems)
      const { records } = await table.query(pk, { prefix: keyPrefix('!moving'), limit })
      return records.map(read)
    },
    finished: async (limit) => {
      const range = { prefix: keyPrefix('!moved'), order: 'descending', limit } as const
      return (await table.query(pk, range)).records.map((record) => read(record).migration)
    },
    save: async (migration, version) => {
      try {
        const next = await table.put(pk, activeKey(migration.id), written(migration), {
          expect: { version },
        })
        return { migration, version: next }
      } catch (error) {
        if (failedWrites(error) === null) throw error
        return null
      }
    },
    onChange: (wake) => table.onChange(pk, wake),
  }
}

/** What a change of route takes along: the migration after it, on condition of the one before. */
export function writesOf(migration: Migration, before: RecordVersion | null): readonly Write[] {
  const key = activeKey(migration.id)
  const value = written(migration)
  if (before === null) return [{ op: 'put', sk: key, value, expect: 'absent' }]
  const expect = { version: before }
  if (!finalPhases.includes(migration.phase)) return [{ op: 'put', sk: key, value, expect }]
  return [
    { op: 'delete', sk: key, expect },
    { op: 'put', sk: joinKey('!moved', migration.id), value },
  ]
}

function activeKey(id: string): string {
  return joinKey('!moving', id)
}

function written(migration: Migration): JsonObject {
  return migration as unknown as JsonObject
}

function read({ value, version }: TableRecord): StoredMigration {
  if (typeof value['id'] !== 'string') throw new AppError('INTERNAL', 'a migration is damaged')
  return { migration: value as unknown as Migration, version }
}
