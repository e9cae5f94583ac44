import { pageToken, readPageToken } from '../ports/page-token.js'
import type { RecordRange, RecordTable, TableRecord } from '../ports/record-table.js'

export interface PageRequest {
  /** 1 to 1,000, or fewer where the backend says so. */
  readonly limit: number
  /** `next` of the page before; good for the same list only. */
  readonly token?: string | null
}

export interface Page<T> {
  readonly items: readonly T[]
  /** Null when nothing was left at the time of reading. */
  readonly next: string | null
}

export interface ListedRange {
  readonly prefix: string
  readonly order?: 'ascending' | 'descending'
  /**
   * Keys from here on are left for later pages. It may grow from page to page: a list that shows
   * records up to its head shows none without all those before it, also where a page is no snapshot.
   */
  readonly before?: string
}

/**
 * One page of a list.
 * @throws AppError CURSOR_INVALID for a token of another list, INVALID_INPUT
 */
export async function readPage<T>(
  table: RecordTable,
  pk: string,
  list: ListedRange,
  { limit, token }: PageRequest,
  read: (record: TableRecord) => T | null,
): Promise<Page<T>> {
  const order = list.order ?? 'ascending'
  const signed: RecordRange = { prefix: list.prefix, order, limit: 1 }
  const last = token === null || token === undefined ? undefined : readPageToken(pk, signed, token)
  const descending = order === 'descending'
  const before = descending ? (last ?? list.before) : list.before
  const { records, next } = await table.query(pk, {
    prefix: list.prefix,
    order,
    limit,
    ...(before === undefined ? {} : { before }),
    ...(descending || last === undefined ? {} : { after: last }),
  })
  const lastRecord = records.at(-1)
  return {
    items: records.flatMap((record) => read(record) ?? []),
    next: next === null || lastRecord === undefined ? null : pageToken(pk, signed, lastRecord.sk),
  }
}

const sweepPageItems = 100

/** All records of a range, page by page: for ranges that are known to be small, and for removals. */
export async function* eachPage(
  table: RecordTable,
  pk: string,
  prefix?: string,
): AsyncGenerator<readonly TableRecord[]> {
  let after: string | undefined
  for (;;) {
    const limit = Math.min(sweepPageItems, table.capabilities.maxPageItems)
    const { records, next } = await table.query(pk, {
      limit,
      ...(prefix === undefined ? {} : { prefix }),
      ...(after === undefined ? {} : { after }),
    })
    if (records.length > 0) yield records
    after = records.at(-1)?.sk
    if (next === null || after === undefined) return
  }
}
