import { AppError } from '@heirloom/errors'
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
  /**
   * Judges what was found after the sort key `last` (null at the beginning): how many of the records
   * may be handed out now, and whether there are more behind them. Null: read again.
   */
  readonly take?: (
    records: readonly TableRecord[],
    last: string | null,
  ) => { readonly count: number; readonly more: boolean } | null
}

const maxReads = 20

/**
 * One page of a list.
 * @throws AppError CURSOR_INVALID for a token of another list, INVALID_INPUT, BACKEND_UNAVAILABLE
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
  const range = {
    prefix: list.prefix,
    order,
    limit,
    ...(before === undefined ? {} : { before }),
    ...(descending || last === undefined ? {} : { after: last }),
  }
  for (let attempt = 0; attempt < maxReads; attempt += 1) {
    const { records, next } = await table.query(pk, range)
    const whole = { count: records.length, more: next !== null }
    const judged = list.take === undefined ? whole : list.take(records, last ?? null)
    if (judged === null) continue
    const taken = records.slice(0, judged.count)
    const end = taken.at(-1)?.sk
    return {
      items: taken.flatMap((record) => read(record) ?? []),
      next: judged.more && end !== undefined ? pageToken(pk, signed, end) : null,
    }
  }
  throw new AppError('BACKEND_UNAVAILABLE', 'this list cannot be read without a gap; try again')
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
