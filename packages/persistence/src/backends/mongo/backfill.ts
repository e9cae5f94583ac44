import { randomUUID } from 'node:crypto'
import type { AnyBulkWriteOperation, Collection, Document, Filter } from 'mongodb'
import { databaseId, hash128, scopedId, type Scope } from '../../documents/ids.js'
import { parseDocumentPath } from '../../documents/names.js'
import type { BackfillProgress } from '../../documents/backfill-progress.js'
import type { JsonObject } from '../../ports/record-table.js'
import { translated } from './errors.js'
import { encodeFields } from './field-names.js'
import type { RawDocument } from './raw.js'

export interface CollectionBackfill {
  readonly scope: Scope
  readonly batchSize: number
  readonly dryRun: boolean
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: BackfillProgress) => void
}

const maxSkippedNamed = 100

/** A document of before: fields that it may lack are unknown. */
interface LegacyDocument extends Document {
  /** A text in all that we know of; nothing here depends on it. */
  readonly _id: string
}

export async function backfillCollection(
  collection: Collection<RawDocument>,
  { scope, batchSize, dryRun, signal, onProgress }: CollectionBackfill,
): Promise<BackfillProgress> {
  const legacy = collection as unknown as Collection<LegacyDocument>
  const total = await translated(() => legacy.countDocuments(unfinished(scope)))
  let progress: BackfillProgress = { done: 0, total, skipped: [] }
  const batch: LegacyDocument[] = []

  async function flush(): Promise<void> {
    const { inserts, removals, skipped } = plan(batch.splice(0), scope)
    // In this order, and both repeatable: a document is in two places rather than in none.
    if (inserts.length > 0 && !dryRun) await legacy.bulkWrite(inserts, { ordered: false })
    if (removals.length > 0 && !dryRun) await legacy.bulkWrite(removals, { ordered: false })
    progress = {
      ...progress,
      done: progress.done + inserts.length,
      skipped: [...progress.skipped, ...skipped].slice(0, maxSkippedNamed),
    }
    onProgress?.(progress)
  }

  return translated(async () => {
    for await (const document of legacy.find(unfinished(scope), { batchSize })) {
      signal?.throwIfAborted()
      batch.push(document)
      if (batch.length === batchSize) await flush()
    }
    if (batch.length > 0) await flush()
    return progress
  })
}

/** Without a database; or of this very scope, and without what was added later. */
function unfinished({ tenant, database }: Scope): Filter<LegacyDocument> {
  const lacks = (field: string): Document => ({ [field]: { $exists: false } })
  return {
    $or: [
      lacks('database'),
      {
        database,
        $and: [
          { $or: [lacks('tenant'), { tenant }] },
          { $or: ['tenant', 'collection_hash', 'shape', 'mark', 'deleted'].map(lacks) },
        ],
      },
    ],
  }
}

interface Plan {
  readonly inserts: AnyBulkWriteOperation<LegacyDocument>[]
  readonly removals: AnyBulkWriteOperation<LegacyDocument>[]
  readonly skipped: readonly string[]
}

function plan(batch: readonly LegacyDocument[], scope: Scope): Plan {
  const inserts: AnyBulkWriteOperation<LegacyDocument>[] = []
  const removals: AnyBulkWriteOperation<LegacyDocument>[] = []
  const skipped: string[] = []
  for (const old of batch) {
    const raw = completed(old, scope)
    if (raw === null) {
      skipped.push(String(old['fullpath'] ?? old._id))
      continue
    }
    const { _id, ...fields } = raw
    if (old._id === _id) {
      inserts.push({
        updateOne: { filter: { _id, mark: old['mark'] ?? null }, update: { $set: fields } },
      })
    } else {
      inserts.push({
        updateOne: { filter: { _id }, update: { $setOnInsert: fields }, upsert: true },
      })
      removals.push({ deleteOne: { filter: { _id: old._id } } })
    }
  }
  return { inserts, removals, skipped }
}

function completed(old: LegacyDocument, scope: Scope): RawDocument | null {
  const fullpath: unknown = old['fullpath']
  if (typeof fullpath !== 'string') return null
  const place = parsed(fullpath)
  if (place === null) return null
  const id = scopedId(scope, databaseId(scope.database, fullpath))
  const updatedAt = dateOf(old['updatedAt']) ?? new Date(0)
  const deleted = old['deleted'] === true
  const data: unknown = old['data']
  return {
    _id: id,
    tenant: scope.tenant,
    database: scope.database,
    mark: randomUUID(),
    fullpath,
    collection: place.collection,
    collection_hash: hash128(place.collection),
    shape: place.shape,
    parent: place.parent,
    createdAt: dateOf(old['createdAt']) ?? updatedAt,
    updatedAt,
    version: Number.isSafeInteger(old['version']) ? Number(old['version']) : 1,
    data: deleted || typeof data !== 'object' || data === null ? {} : encodedOnce(data, old),
    deleted,
    ...(deleted ? { expiresAt: dateOf(old['expiresAt']) ?? new Date() } : {}),
  }
}

/** What lacks a mark was not written by this code, and has its names as they are. */
function encodedOnce(data: object, old: LegacyDocument): JsonObject {
  const plain = data as JsonObject
  return old['mark'] === undefined ? encodeFields(plain) : plain
}

function parsed(fullpath: string): ReturnType<typeof parseDocumentPath> | null {
  try {
    return parseDocumentPath(fullpath)
  } catch {
    return null
  }
}

/** Dates, and the milliseconds that others kept. */
function dateOf(value: unknown): Date | null {
  if (value instanceof Date) return value
  return typeof value === 'number' && Number.isFinite(value) ? new Date(value) : null
}
