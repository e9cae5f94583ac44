import { limits } from './limits.js'
import { quoted } from './problems.js'
import type { GedcomRecord } from './records.js'

/** Lines of one kind that were read, but not taken over into people and relationships. */
export interface SkippedLines {
  /** The tags from level 0 down, for example FAM.MARR.DATE. */
  readonly path: string
  readonly reason: string
  readonly count: number
  /** The first three line numbers. */
  readonly lines: readonly number[]
  /** The first line's value. */
  readonly example: string
}

export interface SkippedLog {
  add(path: string, record: GedcomRecord, reason: string): void
  /** Most frequent first. */
  list(): readonly SkippedLines[]
}

const shownLines = 3
const others = 'other lines'

export function createSkippedLog(): SkippedLog {
  const kinds = new Map<string, SkippedLines & { count: number; lines: number[] }>()

  function kindOf(path: string, record: GedcomRecord, reason: string): string {
    const key = `${path}\n${reason}`
    if (kinds.has(key) || kinds.size < limits.skippedKinds) {
      if (!kinds.has(key)) {
        kinds.set(key, { path, reason, count: 0, lines: [], example: quoted(record.value) })
      }
      return key
    }
    if (!kinds.has(others)) {
      kinds.set(others, {
        path: others,
        reason: 'of further kinds',
        count: 0,
        lines: [],
        example: '',
      })
    }
    return others
  }

  return {
    add: (path, record, reason) => {
      const kind = kinds.get(kindOf(path, record, reason))
      if (kind === undefined) return
      kind.count += 1
      if (kind.lines.length < shownLines) kind.lines.push(record.line)
    },
    list: () => [...kinds.values()].sort((a, b) => b.count - a.count),
  }
}
