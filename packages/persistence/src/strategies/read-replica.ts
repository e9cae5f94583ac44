/**
 * Reads the shadow, writes the primary (dual-write.ts). A version that was read on the shadow means
 * nothing to the primary, so an expectation of it is translated: it holds when the shadow still has
 * this version, and the primary's record says the same; the primary is then written on condition of
 * its own version of that record.
 *
 * Not promised: that a read sees every acknowledged write. One whose copy failed shows when it was
 * repaired; while copies fail, this process reads the primary. Kinds whose readers rely on order
 * cannot have this strategy (`orderedKinds`).
 */
import { conflict } from '../ports/conflict.js'
import type {
  RecordPage,
  RecordRange,
  RecordTable,
  RecordVersion,
  TableRecord,
  Write,
} from '../ports/record-table.js'
import type { Breaker } from './breaker.js'
import { markRecord, prefixMark } from './home-versions.js'
import { sameContent } from './same-record.js'

const ofPrimary = prefixMark('p~')
const ofShadow = prefixMark('r~')

export interface ReplicaTables {
  readonly primary: RecordTable
  /** Tombstones hidden. */
  readonly shadow: RecordTable
  readonly breaker: Breaker
  readonly write: (
    pk: string,
    writes: readonly Write[],
  ) => Promise<readonly (RecordVersion | null)[]>
}

export interface Replica {
  get(pk: string, sk: string): Promise<TableRecord | null>
  getMany(pk: string, sks: readonly string[]): Promise<readonly (TableRecord | null)[]>
  query(pk: string, range: RecordRange): Promise<RecordPage>
  transact(pk: string, writes: readonly Write[]): Promise<readonly (RecordVersion | null)[]>
}

export function readReplica({ primary, shadow, breaker, write }: ReplicaTables): Replica {
  async function read<T>(
    work: (table: RecordTable, mark: typeof ofPrimary) => Promise<T>,
  ): Promise<T> {
    if (breaker.isOpen()) return work(primary, ofPrimary)
    try {
      return await work(shadow, ofShadow)
    } catch {
      breaker.failed()
      return work(primary, ofPrimary)
    }
  }

  async function translated(pk: string, one: Write): Promise<Write | null> {
    const { expect } = one
    if (typeof expect !== 'object') return one
    const own = ofPrimary.unmark(expect.version)
    if (own !== null) return { ...one, expect: { version: own } }
    const replicated = ofShadow.unmark(expect.version)
    if (replicated === null) return null
    const record = await primary.get(pk, one.sk)
    const seen = await shadow.get(pk, one.sk)
    const holds = record !== null && seen?.version === replicated && sameContent(record, seen)
    return holds ? { ...one, expect: { version: record.version } } : null
  }

  return {
    get: (pk, sk) => read(async (table, mark) => markRecord(mark, await table.get(pk, sk))),
    getMany: (pk, sks) =>
      read(async (table, mark) =>
        (await table.getMany(pk, sks)).map((record) => markRecord(mark, record)),
      ),
    query: (pk, range) =>
      read(async (table, mark) => {
        const { records, next } = await table.query(pk, range)
        return { records: records.map((record) => markRecord(mark, record)), next }
      }),
    transact: async (pk, writes) => {
      const all = await Promise.all(writes.map((one) => translated(pk, one)))
      const failed = all.flatMap((one, index) => (one === null ? [index] : []))
      if (failed.length > 0) throw conflict(failed)
      const versions = await write(
        pk,
        all.flatMap((one) => one ?? []),
      )
      return versions.map((version) => (version === null ? null : ofPrimary.mark(version)))
    },
  }
}
