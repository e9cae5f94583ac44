/**
 * Rows of JSON by table and key over a RecordTable (keys: layouts/tabular.ts): a partition per
 * table, whose sort keys are the callers' keys as they are, so that a prefix of a key is a prefix
 * of its sort key.
 */
import { tabularLayout } from '../layouts/tabular.js'
import { recordKeys, type RecordKeys } from '../layouts/store-layout.js'
import type {
  Expectation,
  JsonObject,
  RecordTable,
  RecordVersion,
  TableRecord,
} from '../ports/record-table.js'
import { boundedText, expiry, identifier, invalid, jsonObject } from './input.js'
import { readPage, type Page, type PageRequest } from './record-page.js'

export interface TabularRow {
  readonly key: string
  readonly data: JsonObject
  /** Opaque; what `expect` takes. */
  readonly version: RecordVersion
  readonly expiresAt: Date | null
}

export interface TabularStore {
  /**
   * Writes a row, all of it. Atomic; safe to repeat without an expectation. With one, of several
   * writers that expect the same exactly one succeeds.
   * @throws AppError CONFLICT when the expectation fails, INVALID_INPUT, PAYLOAD_TOO_LARGE
   */
  upsert(
    table: string,
    key: string,
    data: JsonObject,
    options?: {
      readonly expect?: 'absent' | { readonly version: RecordVersion }
      readonly expiresAt?: Date | null
    },
  ): Promise<TabularRow>

  get(table: string, key: string): Promise<TabularRow | null>

  /**
   * Rows whose keys begin with the prefix (all for ''), in the order of their keys' UTF-8. Rows
   * written between two pages appear if their key lies ahead.
   * @throws AppError CURSOR_INVALID, INVALID_INPUT
   */
  listByPrefix(table: string, prefix: string, page: PageRequest): Promise<Page<TabularRow>>

  /**
   * Safe to repeat: removing what is not there is no error, unless a version is expected.
   * @throws AppError CONFLICT when the expectation fails
   */
  delete(
    table: string,
    key: string,
    options?: { readonly expect?: { readonly version: RecordVersion } },
  ): Promise<void>
}

export interface TabularOptions {
  readonly now?: () => number
  /** Of the store that is kept in tables, when it is one with routes of its own. */
  readonly keys?: TabularKeys
}
type TabularKeys = RecordKeys<`${string}#{table}`, '{key...}'>

export const tabularKeys = recordKeys(tabularLayout.records.row)

// A table is a collection or container of its own where the vendor has these.
const tableName = /^[A-Za-z][A-Za-z0-9_-]{0,62}$/
const maxPrefixLength = 256

export function createTabularStore(
  records: RecordTable,
  options: TabularOptions = {},
): TabularStore {
  const now = options.now ?? Date.now
  const keys = options.keys ?? tabularKeys

  function partition(table: string): string {
    if (tableName.test(table)) return keys.pk({ table })
    throw invalid('a table name has up to 63 letters, digits, - and _, and starts with a letter')
  }

  function sortKey(key: string): string {
    return keys.sk({ key: identifier(key, 'the key') })
  }

  return {
    upsert: async (table, key, data, { expect, expiresAt } = {}) => {
      const until = expiry(expiresAt, now(), 'the expiry')
      const value = { data: jsonObject(data, 'the data') }
      const expected: Expectation = expect ?? 'anything'
      const put = { expect: expected, expiresAt: until }
      const version = await records.put(partition(table), sortKey(key), value, put)
      return { key, data, version, expiresAt: until }
    },
    get: async (table, key) => {
      const record = await records.get(partition(table), sortKey(key))
      return record === null ? null : readRow(record)
    },
    listByPrefix: async (table, prefix, page) => {
      const list = { prefix: boundedText(prefix, 'the prefix', maxPrefixLength) }
      return readPage(records, partition(table), list, page, readRow)
    },
    delete: async (table, key, options = {}) => {
      await records.delete(partition(table), sortKey(key), options)
    },
  }
}

function readRow({ sk, value, version, expiresAt }: TableRecord): TabularRow {
  // Only this store writes here, and always an object.
  return { key: sk, data: value['data'] as JsonObject, version, expiresAt }
}
