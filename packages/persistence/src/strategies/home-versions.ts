/**
 * Versions are opaque, but those of two backends can look alike. So a route whose data has moved
 * marks the versions that it hands out with its home: one that was read before the move matches
 * nothing after it, and its holder reads again.
 */
import type { RecordVersion, TableRecord, Write } from '../ports/record-table.js'

export interface VersionMark {
  mark(version: RecordVersion): RecordVersion
  /** Null for a version of another home. */
  unmark(version: RecordVersion): RecordVersion | null
}

/** Data that never moved keeps the versions of its backend. */
export function homeMark(home: number): VersionMark {
  return home === 0 ? unmarked : prefixMark(`h${home}~`)
}

export function prefixMark(prefix: string): VersionMark {
  return {
    mark: (version) => `${prefix}${version}` as RecordVersion,
    unmark: (version) =>
      version.startsWith(prefix) ? (version.slice(prefix.length) as RecordVersion) : null,
  }
}

const unmarked: VersionMark = { mark: (version) => version, unmark: (version) => version }

export function markRecord(mark: VersionMark, record: TableRecord): TableRecord
export function markRecord(mark: VersionMark, record: TableRecord | null): TableRecord | null
export function markRecord(mark: VersionMark, record: TableRecord | null): TableRecord | null {
  return record === null ? null : { ...record, version: mark.mark(record.version) }
}

/** The writes as the backend knows them, or the positions of those that expect another home. */
export function unmarkWrites(
  mark: VersionMark,
  writes: readonly Write[],
): { readonly writes: readonly Write[]; readonly foreign: readonly number[] } {
  const foreign: number[] = []
  const unmarkedWrites = writes.map((write, index): Write => {
    const { expect } = write
    if (typeof expect !== 'object') return write
    const version = mark.unmark(expect.version)
    if (version === null) foreign.push(index)
    return version === null ? write : { ...write, expect: { version } }
  })
  return { writes: unmarkedWrites, foreign }
}
