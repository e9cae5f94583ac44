import { conflict } from '../../ports/conflict.js'
import { checkWrites } from '../../ports/limits.js'
import type {
  JsonObject,
  RecordTable,
  RecordTableCapabilities,
  RecordVersion,
  TableRecord,
  Write,
} from '../../ports/record-table.js'

const capabilities: RecordTableCapabilities = {
  maxItemBytes: 10_000,
  maxTransactItems: 50,
  maxTransactBytes: 100_000,
  maxPartitionKeyBytes: 1_024,
  maxSortKeyBytes: 1_024,
  maxBatchGetItems: 10,
  maxPageItems: 100,
  maxValueDepth: 8,
  expiryPrecisionMs: 1,
  changes: 'none',
}

export interface MemoryTable extends RecordTable {
  /** Every call waits for this before it has its effect, and once more before it answers. */
  pause: (what: string) => Promise<void>
  all(): ReadonlyMap<string, TableRecord>
}

/** What the port promises, in a Map: for tests that decide in which order things happen. */
export function createMemoryTable(own: Partial<RecordTableCapabilities> = {}): MemoryTable {
  const records = new Map<string, TableRecord>()
  const limits = { ...capabilities, ...own }
  let versions = 0
  const keyOf = (pk: string, sk: string): string => `${pk}/${sk}`

  function holds(pk: string, { sk, expect = 'anything' }: Write): boolean {
    const found = records.get(keyOf(pk, sk))
    if (expect === 'anything') return true
    return expect === 'absent' ? found === undefined : found?.version === expect.version
  }

  function apply(pk: string, write: Write): RecordVersion | null {
    if (write.op === 'delete') {
      records.delete(keyOf(pk, write.sk))
      return null
    }
    const version = String((versions += 1)) as RecordVersion
    const value = JSON.parse(JSON.stringify(write.value)) as JsonObject
    const { sk, expiresAt = null } = write
    records.set(keyOf(pk, sk), { sk, value, version, expiresAt })
    return version
  }

  const table: MemoryTable = {
    capabilities: limits,
    pause: () => Promise.resolve(),
    all: () => records,
    get: async (pk, sk) => {
      await table.pause(`get ${sk}`)
      const found = records.get(keyOf(pk, sk)) ?? null
      await table.pause(`got ${sk}`)
      return found
    },
    getMany: (pk, sks) => Promise.all(sks.map((sk) => table.get(pk, sk))),
    put: async (pk, sk, value, options = {}) => {
      const [version] = await table.transact(pk, [{ op: 'put', sk, value, ...options }])
      return version as RecordVersion
    },
    delete: async (pk, sk, options = {}) => {
      await table.transact(pk, [{ op: 'delete', sk, ...options }])
    },
    query: async (pk, { limit, prefix = '' }) => {
      await table.pause('query')
      const all = [...records].flatMap(([key, record]) =>
        key.startsWith(keyOf(pk, prefix)) ? [record] : [],
      )
      return { records: all.slice(0, limit), next: null }
    },
    transact: async (pk, writes) => {
      checkWrites(pk, writes, limits)
      await table.pause(`write ${writes.map(({ sk }) => sk).join()}`)
      const failed = writes.flatMap((write, index) => (holds(pk, write) ? [] : [index]))
      if (failed.length > 0) throw conflict(failed)
      const made = writes.map((write) => apply(pk, write))
      await table.pause(`wrote ${writes.map(({ sk }) => sk).join()}`)
      return made
    },
    onChange: () => () => undefined,
  }
  return table
}
