import type { GedcomRecord } from './records.js'
import type { SkippedLog } from './skipped.js'

/**
 * One pass over a record of level 0 that remembers what it took, so that everything else can be
 * reported: nothing in a file is passed over silently.
 */
export interface Reading {
  /** The first child with the tag; further ones count as not taken. */
  first(parent: GedcomRecord, tag: string): GedcomRecord | undefined
  all(parent: GedcomRecord, tag: string): readonly GedcomRecord[]
  /** Reports the value of a line that was taken, but does not say anything that can be kept. */
  reject(record: GedcomRecord, reason: string): void
  /** Reports every line that was not taken. */
  finish(): void
}

export function createReading(root: GedcomRecord, skipped: SkippedLog): Reading {
  const taken = new Set<GedcomRecord>([root])
  const rejected = new Map<GedcomRecord, string>()

  const take = (record: GedcomRecord): GedcomRecord => {
    taken.add(record)
    return record
  }
  const report = (record: GedcomRecord, path: string): void => {
    const reason = rejected.get(record) ?? (taken.has(record) ? null : 'not kept')
    if (reason !== null) skipped.add(path, record, reason)
    for (const child of record.children) report(child, `${path}.${child.tag}`)
  }

  return {
    first: (parent, tag) => {
      const found = parent.children.find((child) => child.tag === tag)
      return found === undefined ? undefined : take(found)
    },
    all: (parent, tag) => parent.children.filter((child) => child.tag === tag).map(take),
    reject: (record, reason) => {
      rejected.set(record, reason)
    },
    finish: () => report(root, root.tag),
  }
}
