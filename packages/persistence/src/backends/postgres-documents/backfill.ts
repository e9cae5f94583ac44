import { sql, type Transaction } from 'kysely'
import type { BackfillProgress } from '../../documents/backfill-progress.js'
import { databaseId, hash128, type Scope } from '../../documents/ids.js'
import { parseDocumentPath, type DocumentPath } from '../../documents/names.js'
import type { PostgresDocuments } from './connection.js'
import type { DocumentSchema } from './schema.js'

export interface RowsBackfill {
  readonly scope: Scope
  readonly batchSize: number
  readonly dryRun: boolean
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: BackfillProgress) => void
}

const maxSkippedNamed = 100

/**
 * Rows that were copied in by SQL, with empty texts where the hash of their collection and what
 * else is read off their path belongs. A batch is one transaction, in order of the ids, so that a
 * killed run leaves whole rows, and the next one finds the others.
 */
export async function backfillRows(
  { database }: PostgresDocuments,
  { scope, batchSize, dryRun, signal, onProgress }: RowsBackfill,
): Promise<BackfillProgress> {
  const tenant = database.for(scope.tenant)
  const total = await tenant.transaction((trx) => count(trx, scope))
  let progress: BackfillProgress = { done: 0, total, skipped: [] }
  let after = ''
  for (;;) {
    signal?.throwIfAborted()
    const batch = await tenant.transaction(async (trx) => {
      const rows = await unfinished(trx, scope, after, batchSize)
      const skipped: string[] = []
      for (const row of rows) {
        const place = parsed(row.fullpath)
        if (place === null) skipped.push(row.fullpath)
        else if (!dryRun) await complete(trx, scope, row.id, place)
      }
      return { rows, skipped }
    })
    if (batch.rows.length === 0) return progress
    after = batch.rows.at(-1)?.id ?? after
    progress = {
      ...progress,
      done: progress.done + batch.rows.length - batch.skipped.length,
      skipped: [...progress.skipped, ...batch.skipped].slice(0, maxSkippedNamed),
    }
    onProgress?.(progress)
  }
}

interface UnfinishedRow {
  readonly id: string
  readonly fullpath: string
}

const lacking = sql`(collection_hash = '' or collection = '' or shape = '')`

async function count(
  trx: Transaction<DocumentSchema>,
  { tenant, database }: Scope,
): Promise<number> {
  const { rows } = await sql<{ total: number }>`select count(*) as total from document
    where tenant_id = ${tenant} and database = ${database} and ${lacking}`.execute(trx)
  return rows[0]?.total ?? 0
}

async function unfinished(
  trx: Transaction<DocumentSchema>,
  { tenant, database }: Scope,
  after: string,
  limit: number,
): Promise<readonly UnfinishedRow[]> {
  const { rows } = await sql<UnfinishedRow>`select id, fullpath from document
    where tenant_id = ${tenant} and database = ${database} and id > ${after} and ${lacking}
    order by id limit ${limit} for update`.execute(trx)
  return rows
}

/** Under the id of its path; a path that was written anew meanwhile wins over the old row. */
async function complete(
  trx: Transaction<DocumentSchema>,
  { tenant, database }: Scope,
  oldId: string,
  { fullpath, collection, parent, shape }: DocumentPath,
): Promise<void> {
  const id = databaseId(database, fullpath)
  if (id !== oldId) {
    const { rows } = await sql`select from document
      where tenant_id = ${tenant} and id = ${id} for update`.execute(trx)
    if (rows.length > 0) {
      await sql`delete from document where tenant_id = ${tenant} and id = ${oldId}`.execute(trx)
      return
    }
  }
  await sql`update document set id = ${id}, collection = ${collection},
      collection_hash = ${hash128(collection)}, shape = ${shape}, parent = ${parent}
    where tenant_id = ${tenant} and database = ${database} and id = ${oldId}`.execute(trx)
}

function parsed(fullpath: string): DocumentPath | null {
  try {
    return parseDocumentPath(fullpath)
  } catch {
    return null
  }
}
