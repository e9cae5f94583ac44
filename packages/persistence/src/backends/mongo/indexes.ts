import type { Collection, CreateIndexesOptions, Document, IndexDirection } from 'mongodb'
import { MongoServerError } from 'mongodb'
import { AppError } from '@heirloom/errors'
import { indexName, type IndexDefinition } from '../../documents/indexes.js'
import { translated } from './errors.js'
import type { Mongo } from './connection.js'
import type { RawRow } from './raw.js'

export interface MongoIndex {
  readonly name: string
  readonly key: Readonly<Record<string, IndexDirection>>
  readonly options: CreateIndexesOptions
}

/** MongoDB allows 64 on a collection; `_id` and these three leave 60 to be declared. */
export const documentIndexes: readonly MongoIndex[] = [
  {
    name: 'database_collection_hash',
    key: { tenant: 1, database: 1, collection_hash: 1, _id: 1 },
    options: { partialFilterExpression: { deleted: false } },
  },
  { name: 'database_id', key: { tenant: 1, database: 1, _id: 1 }, options: {} },
  {
    name: 'tombstone_ttl',
    key: { expiresAt: 1 },
    options: { expireAfterSeconds: 0, partialFilterExpression: { deleted: true } },
  },
]

export const userIndexes: readonly MongoIndex[] = [
  {
    name: 'database_username',
    key: { tenant: 1, database: 1, username: 1 },
    options: { unique: true },
  },
]

export function compositeIndex(definition: IndexDefinition): MongoIndex {
  const direction = (one: 'asc' | 'desc'): IndexDirection => (one === 'asc' ? 1 : -1)
  return {
    name: indexName(definition),
    key: Object.fromEntries<IndexDirection>([
      ['tenant', 1],
      ['database', 1],
      ['collection_hash', 1],
      ...definition.fields.map((field): [string, IndexDirection] => [
        `data.${field.field}`,
        direction(field.direction),
      ]),
      ['_id', direction(definition.fields.at(-1)?.direction ?? 'asc')],
    ]),
    options: { partialFilterExpression: { deleted: false, shape: definition.shape } },
  }
}

export function statementFor(collection: string, definition: IndexDefinition): string {
  const { name, key, options } = compositeIndex(definition)
  return `db.getCollection(${JSON.stringify(collection)}).createIndex(${JSON.stringify(key)}, ${JSON.stringify({ name, ...options })})`
}

/** Creates what is missing; an index of the same name that is another one is refused. */
export async function createIndexes<Raw extends RawRow>(
  collection: Collection<Raw>,
  indexes: readonly MongoIndex[],
): Promise<void> {
  try {
    for (const { name, key, options } of indexes) {
      await translated(() => collection.createIndex({ ...key }, { ...options, name }))
    }
  } catch (error) {
    // IndexOptionsConflict and IndexKeySpecsConflict.
    if (error instanceof MongoServerError && (error.code === 85 || error.code === 86)) {
      throw new AppError(
        'BACKEND_UNAVAILABLE',
        `MongoDB has another index in place of one that is needed: ${error.message}`,
        { cause: error },
      )
    }
    throw error
  }
}

export async function existingIndexes<Raw extends RawRow>(
  collection: Collection<Raw>,
): Promise<ReadonlySet<string>> {
  return translated(async () => {
    const found: readonly Document[] = await collection.indexes().catch((error: unknown) => {
      // NamespaceNotFound: nothing was ever written.
      if (error instanceof MongoServerError && error.code === 26) return []
      throw error
    })
    return new Set(found.map(({ name }) => String(name)))
  })
}

const namespaceExists = 48

/** Deletions must say which collection they were in: the state before a change is kept with it. */
export async function prepareCollection(mongo: Mongo): Promise<void> {
  const db = mongo.client.db(mongo.documents.dbName)
  const changeStreamPreAndPostImages = { enabled: true }
  await translated(async () => {
    try {
      await db.createCollection(mongo.documents.collectionName, { changeStreamPreAndPostImages })
    } catch (error) {
      if (!(error instanceof MongoServerError) || error.code !== namespaceExists) throw error
      await db.command({ collMod: mongo.documents.collectionName, changeStreamPreAndPostImages })
    }
  })
}
