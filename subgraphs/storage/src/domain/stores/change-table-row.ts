import { hasCode } from '@heirloom/errors'
import type { JsonObject, RecordVersion, TabularRow } from '@heirloom/persistence'
import type { Stores } from './stores.js'

/** Null: whatever is there. The empty text: nothing yet. */
export type ExpectedVersion = string | null

/** The row was not as expected; `current` is what is there now. */
export interface RowChanged {
  readonly changed: true
  readonly current: TabularRow | null
}

/** @throws AppError FORBIDDEN, INVALID_INPUT, PAYLOAD_TOO_LARGE, and what opening a store throws */
export async function saveTableRow(
  stores: Stores,
  row: {
    readonly table: string
    readonly key: string
    readonly data: JsonObject
    readonly expiresAt: Date | null
  },
  expected: ExpectedVersion,
): Promise<TabularRow | RowChanged> {
  const { table, key, data, expiresAt } = row
  const expectation =
    expected === null ? {} : { expect: versionOf(expected) ?? ('absent' as const) }
  return unlessChanged(stores, table, key, () =>
    stores.tables().upsert(table, key, data, { ...expectation, expiresAt }),
  )
}

/** @throws AppError FORBIDDEN, INVALID_INPUT, and what opening a store throws */
export async function deleteTableRow(
  stores: Stores,
  { table, key }: { readonly table: string; readonly key: string },
  expected: ExpectedVersion,
): Promise<{ readonly deletedKey: string } | RowChanged> {
  const expect = versionOf(expected ?? '')
  return unlessChanged(stores, table, key, async () => {
    await stores.tables().delete(table, key, expect === null ? {} : { expect })
    return { deletedKey: key }
  })
}

function versionOf(expected: string): { readonly version: RecordVersion } | null {
  // Opaque: one that never was is one that does not match.
  return expected === '' ? null : { version: expected as RecordVersion }
}

async function unlessChanged<T>(
  stores: Stores,
  table: string,
  key: string,
  work: () => Promise<T>,
): Promise<T | RowChanged> {
  try {
    return await work()
  } catch (error) {
    if (!hasCode(error, 'CONFLICT')) throw error
    return { changed: true, current: await stores.tables().get(table, key) }
  }
}
