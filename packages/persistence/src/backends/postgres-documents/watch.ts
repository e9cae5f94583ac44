/**
 * The change log is the truth, NOTIFY a hint. Phases of a watch: fix the position; read what lies
 * behind it; wait for a hint or the poll; read again. A wait begins before the read whose emptiness
 * it follows, so that no commit falls between the two.
 */
import { sql } from 'kysely'
import { AppError } from '@heirloom/errors'
import type { TableEvent, TableWatch, TableWatchOptions } from '../../documents/document-table.js'
import type { Scope } from '../../documents/ids.js'
import type { ChangeType } from '../../documents/stored.js'
import type { PostgresDocuments } from './connection.js'
import { placeColumns, toStored, type PlaceRow } from './rows.js'

const pageSize = 100
const pollMs = 2_000

interface Head {
  readonly position: number
  readonly trimmed: number
}

interface ChangeRow extends PlaceRow {
  readonly position: number
  readonly type: ChangeType
  readonly at: Date
}

interface Page extends Head {
  readonly changes: readonly ChangeRow[]
}

export async function openTableWatch(
  postgres: PostgresDocuments,
  scope: Scope,
  { collectionHash, after, signal }: TableWatchOptions,
): Promise<TableWatch> {
  const head = await readHead(postgres, scope)
  let position = after === undefined ? head.position : parsePosition(after)
  check(position, head)

  async function* events(): AsyncGenerator<TableEvent> {
    while (!signal.aborted) {
      const stopWaiting = new AbortController()
      const hint = postgres.wakeUps.next(
        scope,
        pollMs,
        AbortSignal.any([signal, stopWaiting.signal]),
      )
      try {
        const page = await readChanges(postgres, scope, collectionHash, position)
        check(position, page)
        for (const row of page.changes) {
          position = row.position
          yield toEvent(row)
          if (signal.aborted) return
        }
        if (page.changes.length === pageSize) continue
        position = Math.max(position, page.position)
        if (page.changes.length === 0) await hint
      } finally {
        stopWaiting.abort()
      }
    }
  }

  return {
    get position() {
      return String(position)
    },
    [Symbol.asyncIterator]: events,
  }
}

async function readHead(postgres: PostgresDocuments, scope: Scope): Promise<Head> {
  const { tenant, database } = scope
  const { rows } = await postgres.database.for(tenant).transaction((trx) =>
    sql<Head>`select position, trimmed from document_head
      where tenant_id = ${tenant} and database = ${database}`.execute(trx),
  )
  return rows[0] ?? { position: 0, trimmed: 0 }
}

/**
 * One statement, so one snapshot: with a page that is not full, nothing of interest lies between
 * its last change and the head's position.
 */
async function readChanges(
  postgres: PostgresDocuments,
  { tenant, database }: Scope,
  collectionHash: string | undefined,
  after: number,
): Promise<Page> {
  const collection =
    collectionHash === undefined ? sql`true` : sql`collection_hash = ${collectionHash}`
  const { rows } = await postgres.database.for(tenant).transaction((trx) =>
    sql<Head & { changes: readonly ChangeRow[] | null }>`
      select head.position, head.trimmed, (
        select json_agg(page order by page.position) from (
          select position, type, at, ${placeColumns} from document_change
          where tenant_id = ${tenant} and database = ${database} and position > ${after}
            and ${collection}
          order by position limit ${pageSize}
        ) as page
      ) as changes
      from document_head as head
      where tenant_id = ${tenant} and database = ${database}`.execute(trx),
  )
  const page = rows[0]
  if (page === undefined) return { position: 0, trimmed: 0, changes: [] }
  return { ...page, changes: page.changes ?? [] }
}

function check(position: number, head: Head): void {
  if (position < head.trimmed) {
    throw new AppError(
      'CURSOR_EXPIRED',
      'the changes after this position are not kept any more: read the documents again',
      { details: { from: head.trimmed } },
    )
  }
  if (position > head.position) {
    throw new AppError('CURSOR_AHEAD', 'the database has not come to this position')
  }
}

function parsePosition(text: string): number {
  const position = Number(text)
  if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(position)) return position
  throw new AppError('CURSOR_INVALID', 'this resume token is malformed')
}

/** Rows that come as JSON have their times as text. */
function toEvent(row: ChangeRow): TableEvent {
  return {
    type: row.type,
    document: {
      ...toStored({ ...row, deleted: row.type === 'deleted', expires_at: null }),
      createdAt: new Date(row.created_at),
      updatedAt: new Date(row.updated_at),
    },
    at: new Date(row.at),
    position: String(row.position),
  }
}
