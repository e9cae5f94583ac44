import { AppError } from '@heirloom/errors'
import type { TenantId } from '@heirloom/tenancy'
import { openMongo } from '../backends/mongo/connection.js'
import { backfillCollection, type CollectionBackfill } from '../backends/mongo/backfill.js'
import { createMongoDocumentTable } from '../backends/mongo/document-table.js'
import { backfillRows } from '../backends/postgres-documents/backfill.js'
import { openPostgresDocuments } from '../backends/postgres-documents/connection.js'
import { createIndexes, verifyIndexes } from '../backends/postgres-documents/indexes.js'
import { requiredIndexes } from '../backends/postgres-documents/schema.js'
import { defaultDatabase, parseStorageConfig, type StorageBackend } from './config.js'
import { indexName, parseIndexes, type IndexDefinition } from './indexes.js'
import type { BackfillProgress } from './backfill-progress.js'
import { isDatabaseName } from './names.js'

export interface Backfill {
  /** Whose the documents are that name no database yet, and in which one they belong. */
  readonly tenant: TenantId
  readonly database?: string
  readonly batchSize?: number
  /** Counts, and finds what has no path, and changes nothing; no indexes are ensured either. */
  readonly dryRun?: boolean
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: BackfillProgress) => void
}

const defaultBatchSize = 500
const maxBatchSize = 10_000

/**
 * Gives documents from before databases their tenant, database, id, `collection_hash` and the rest,
 * then ensures the indexes. In Postgres tenant and database were there from the first migration on;
 * what rows can lack that were copied in by SQL is what is read off their path.
 *
 * Resumable by being run again: what is done is not found any more. A document moves by being
 * written under its new id before the old one goes, so that a run that is killed in between leaves
 * both, and the next one removes the old. A path that was written anew meanwhile wins over the old
 * document. Watches of MongoDB tell the moved documents as created, those of Postgres nothing.
 * @throws AppError INVALID_INPUT, BACKEND_UNAVAILABLE; the signal's reason when it aborts
 */
export async function backfillDocuments(
  config: unknown,
  backendName: string,
  {
    tenant,
    database = defaultDatabase,
    batchSize = defaultBatchSize,
    dryRun = false,
    ...options
  }: Backfill,
): Promise<BackfillProgress> {
  if (!Number.isSafeInteger(batchSize) || batchSize < 1 || batchSize > maxBatchSize) {
    throw new AppError('INVALID_INPUT', `a batch has 1 to ${maxBatchSize} documents`)
  }
  const { backends, databases, documents } = parseStorageConfig(config)
  const backend = Object.hasOwn(backends, backendName) ? backends[backendName] : undefined
  const settings = Object.hasOwn(databases, database) ? databases[database] : undefined
  if (!isDatabaseName(database) || settings?.tenants?.includes(tenant) === false || !settings) {
    throw new AppError('DATABASE_UNKNOWN', 'there is no database of this name')
  }
  if (backend === undefined || backend.type === 'redis') {
    throw new AppError('INVALID_INPUT', 'name a MongoDB or a Postgres of the config to fill up')
  }
  const scoped = { ...options, scope: { tenant, database }, batchSize, dryRun }
  const opened = backend.type === 'mongo' ? ofMongo(backend) : ofPostgres(backend)
  try {
    const progress = await opened.backfill(scoped)
    if (!dryRun) await opened.ensureIndexes(parseIndexes(documents?.indexes ?? []))
    return progress
  } finally {
    await opened.close()
  }
}

interface Opened {
  readonly backfill: (backfill: CollectionBackfill) => Promise<BackfillProgress>
  readonly ensureIndexes: (declared: readonly IndexDefinition[]) => Promise<void>
  readonly close: () => Promise<void>
}

function ofMongo(backend: Extract<StorageBackend, { type: 'mongo' }>): Opened {
  const mongo = openMongo(backend)
  return {
    backfill: (backfill) => backfillCollection(mongo.documents, backfill),
    ensureIndexes: (declared) => createMongoDocumentTable(mongo).ensureIndexes(declared),
    close: mongo.close,
  }
}

function ofPostgres(backend: Extract<StorageBackend, { type: 'postgres' }>): Opened {
  const postgres = openPostgresDocuments(backend)
  return {
    backfill: (backfill) => backfillRows(postgres, backfill),
    ensureIndexes: async (declared) => {
      await createIndexes(postgres.config, declared)
      await verifyIndexes(postgres.database, [...requiredIndexes, ...declared.map(indexName)])
    },
    close: postgres.close,
  }
}
