import type { RecordVersion, TableRecord } from '../ports/record-table.js'
import { readHead, type CountedHead } from './event-stream-records.js'

/** The head of a stream as somebody saw it; its version is null where there was none. */
export interface KnownHead {
  readonly head: CountedHead
  readonly version: RecordVersion | null
}

/**
 * The heads of the streams that this process appended to last, so that the next append need not read
 * them. They may be wrong at any time, because others append too: whoever uses one writes on
 * condition of its version. A stream where that failed is read before its next appends, a few times,
 * because whoever was faster is likely to be so again.
 */
export interface KnownHeads {
  get(pk: string): KnownHead | undefined
  appended(pk: string, version: RecordVersion | null, head: CountedHead): void
  doubt(pk: string): void
}

const maxKnown = 1_000
const readsAfterDoubt = 8

export function createKnownHeads(): KnownHeads {
  const known = new Map<string, KnownHead | number>()

  function remember(pk: string, what: KnownHead | number): void {
    known.delete(pk)
    known.set(pk, what)
    // A map keeps the order of insertion: the first one is the one that was not used for longest.
    if (known.size > maxKnown) known.delete(known.keys().next().value ?? pk)
  }

  return {
    get: (pk) => {
      const found = known.get(pk)
      return typeof found === 'number' ? undefined : found
    },
    appended: (pk, version, head) => {
      const found = known.get(pk)
      if (version === null) known.delete(pk)
      else if (typeof found === 'number' && found > 0) remember(pk, found - 1)
      else remember(pk, { head, version })
    },
    doubt: (pk) => remember(pk, readsAfterDoubt),
  }
}

export function knownHead(record: TableRecord | null): KnownHead {
  return { head: readHead(record), version: record?.version ?? null }
}
