import { AppError } from '@heirloom/errors'
import type { TenantId } from '@heirloom/tenancy'
import { openMongo } from '../backends/mongo/connection.js'
import { backfillCollection } from '../backends/mongo/backfill.js'
import { createMongoDocumentTable } from '../backends/mongo/document-table.js'
import { defaultDatabase, parseStorageConfig } from './config.js'
import { parseIndexes } from './indexes.js'
import type { BackfillProgress } from './backfill-progress.js'
import { isDatabaseName } from './names.js'

export interface Backfill {
  /** Whose the documents are that name no database yet, and in which one they belong. */
  readonly tenant: TenantId
  readonly database?: string
  readonly batchSize?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: BackfillProgress) => void
}

const defaultBatchSize = 500

/**
 * Gives documents from before databases their tenant, database, id, `collection_hash` and the rest,
 * then ensures the indexes. Only MongoDB can have such documents: in Postgres the columns were there
 * from the first migration on.
 *
 * Resumable by being run again: what is done is not found any more. A document moves by being
 * written under its new id before the old one goes, so that a run that is killed in between leaves
 * both, and the next one removes the old. A path that was written anew meanwhile wins over the old
 * document. Watches tell the moved documents as created.
 * @throws AppError INVALID_INPUT, BACKEND_UNAVAILABLE; the signal's reason when it aborts
 */
export async function backfillDocuments(
  config: unknown,
  backendName: string,
  { tenant, database = defaultDatabase, batchSize = defaultBatchSize, ...options }: Backfill,
): Promise<BackfillProgress> {
  const { backends, databases, documents } = parseStorageConfig(config)
  const backend = Object.hasOwn(backends, backendName) ? backends[backendName] : undefined
  const settings = Object.hasOwn(databases, database) ? databases[database] : undefined
  if (!isDatabaseName(database) || settings?.tenants?.includes(tenant) === false || !settings) {
    throw new AppError('DATABASE_UNKNOWN', 'there is no database of this name')
  }
  if (backend?.type !== 'mongo') {
    throw new AppError('INVALID_INPUT', 'name a MongoDB of the config to fill up')
  }
  const mongo = openMongo(backend)
  try {
    const progress = await backfillCollection(mongo.documents, {
      ...options,
      scope: { tenant, database },
      batchSize,
    })
    await createMongoDocumentTable(mongo).ensureIndexes(parseIndexes(documents?.indexes ?? []))
    return progress
  } finally {
    await mongo.close()
  }
}
