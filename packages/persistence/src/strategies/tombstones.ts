/**
 * While a table is a shadow, what was deleted stays in it as a tombstone: a record under the same
 * key that every reader takes for absent. Without it, a copy that is late (a backfill that read the
 * record before it was deleted) could not tell "not yet copied" from "copied and deleted", and would
 * bring the record back. Tombstones are swept when nobody copies any more; should that be missed,
 * they expire.
 */
import { failedWrites, conflict } from '../ports/conflict.js'
import type {
  JsonObject,
  RecordPage,
  RecordRange,
  RecordTable,
  RecordVersion,
  TableRecord,
  Write,
} from '../ports/record-table.js'

/** No value of a store may have this field: the routed table refuses it. */
export const tombstoneField = '!gone'
export const tombstoneValue: JsonObject = { [tombstoneField]: true }
const tombstoneDays = 30
const msPerDay = 86_400_000
const maxAttempts = 5

export function tombstoneExpiry(now: number): Date {
  return new Date(now + tombstoneDays * msPerDay)
}

export function isTombstone({ value }: Pick<TableRecord, 'value'>): boolean {
  return Object.hasOwn(value, tombstoneField)
}

/** The table as its stores may see it: tombstones are absent, to reads and to expectations. */
export function withoutTombstones(table: RecordTable): RecordTable {
  async function query(pk: string, range: RecordRange): Promise<RecordPage> {
    let page = await table.query(pk, range)
    for (;;) {
      const records = page.records.filter((record) => !isTombstone(record))
      // Only the end of the range may look empty.
      if (records.length > 0 || page.next === null) return { records, next: page.next }
      page = await table.query(pk, { ...range, token: page.next })
    }
  }

  async function transact(
    pk: string,
    writes: readonly Write[],
  ): Promise<readonly (RecordVersion | null)[]> {
    let adapted = writes
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await table.transact(pk, adapted)
      } catch (error) {
        const failed = failedWrites(error)
        if (failed === null) throw error
        const seen = await expectationsOver(table, pk, writes, failed)
        const real = failed.filter((index) => seen.get(index) === undefined)
        if (real.length > 0 || !hasNews(adapted, seen) || attempt === maxAttempts) {
          throw conflict(real, error)
        }
        adapted = adapted.map((write, index) => expecting(write, seen.get(index)))
      }
    }
  }

  return {
    get capabilities() {
      return table.capabilities
    },
    get: async (pk, sk) => {
      const record = await table.get(pk, sk)
      return record === null || isTombstone(record) ? null : record
    },
    getMany: async (pk, sks) =>
      (await table.getMany(pk, sks)).map((record) =>
        record === null || isTombstone(record) ? null : record,
      ),
    put: async (pk, sk, value, options = {}) => {
      const [version] = await transact(pk, [{ op: 'put', sk, value, ...options }])
      return version as RecordVersion
    },
    delete: async (pk, sk, options = {}) => {
      await transact(pk, [{ op: 'delete', sk, ...options }])
    },
    query,
    transact,
    onChange: (pk, wake) => table.onChange(pk, wake),
  }
}

type Vacant = 'absent' | { readonly version: RecordVersion }

/** For the writes that expect nothing there, and find nothing that counts: what to expect instead. */
async function expectationsOver(
  table: RecordTable,
  pk: string,
  writes: readonly Write[],
  failed: readonly number[],
): Promise<ReadonlyMap<number, Vacant>> {
  const found = new Map<number, Vacant>()
  for (const [index, write] of writes.entries()) {
    // A backend that cannot say which ones failed says none.
    const suspect = failed.length === 0 || failed.includes(index)
    if (!suspect || write.expect !== 'absent') continue
    const record = await table.get(pk, write.sk)
    if (record === null) found.set(index, 'absent')
    else if (isTombstone(record)) found.set(index, { version: record.version })
  }
  return found
}

function hasNews(writes: readonly Write[], seen: ReadonlyMap<number, Vacant>): boolean {
  return [...seen].some(([index, expect]) => versionOf(writes[index]?.expect) !== versionOf(expect))
}

function versionOf(expect: Write['expect']): string | undefined {
  return typeof expect === 'object' ? expect.version : expect
}

function expecting(write: Write, expect: Vacant | undefined): Write {
  return expect === undefined || write.op !== 'put' ? write : { ...write, expect }
}
