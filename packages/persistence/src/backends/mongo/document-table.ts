/**
 * DocumentTable on MongoDB: all documents in one collection, their `_id` prefixed by tenant and
 * database, and both repeated as fields that lead every index and every filter. Writes are
 * acknowledged by the majority of the replica set and its journals. Tombstones are removed by a
 * ttl index, up to a minute late. Watches are change streams, and reach as far back as the oplog.
 */
import type { DocumentTable } from '../../documents/document-table.js'
import { chooseIndex, indexName, type IndexDefinition } from '../../documents/indexes.js'
import { scopedId } from '../../documents/ids.js'
import { change, read, type RowCodec } from './change.js'
import type { Mongo } from './connection.js'
import { translated } from './errors.js'
import {
  compositeIndex,
  createIndexes,
  documentIndexes,
  existingIndexes,
  prepareCollection,
  statementFor,
} from './indexes.js'
import { indexedQuery, listing } from './query.js'
import { toRawDocument, toStored, type RawDocument } from './raw.js'
import type { StoredDocument } from '../../documents/stored.js'
import { openTableWatch } from './watch.js'

const codec: RowCodec<RawDocument, StoredDocument> = { toRaw: toRawDocument, fromRaw: toStored }

export function createMongoDocumentTable(mongo: Mongo): DocumentTable {
  const { documents } = mongo
  let existing: ReadonlySet<string> = new Set()

  async function existingFor(wanted: readonly IndexDefinition[]): Promise<ReadonlySet<string>> {
    // Asked again only when what is known does not serve: an index may have been created since.
    if (!wanted.some((definition) => existing.has(indexName(definition)))) {
      existing = await existingIndexes(documents)
    }
    return existing
  }

  return {
    read: async (scope, id) => {
      const found = await read(documents, scope, id)
      return found === null ? null : toStored(found)
    },
    change: (scope, id, decide) => change(documents, codec, scope, id, decide),
    find: async (scope, plan) => {
      const query =
        plan.indexes.length === 0
          ? listing(scope, plan)
          : indexedQuery(
              scope,
              plan,
              chooseIndex(plan.indexes, await existingFor(plan.indexes), (definition) =>
                statementFor(documents.collectionName, definition),
              ),
            )
      const found = await translated(() => documents.find(query.filter, query.options).toArray())
      return found
        .filter(({ _id }) => _id !== query.skipId)
        .slice(0, plan.limit + 1)
        .map(toStored)
    },
    scan: async (scope, afterId, limit) => {
      const { tenant, database } = scope
      const found = await translated(() =>
        documents
          .find({ tenant, database, _id: { $gt: scopedId(scope, afterId) } })
          .sort({ _id: 1 })
          .limit(limit)
          .toArray(),
      )
      return found.map(toStored)
    },
    watch: (scope, options) => openTableWatch(mongo, scope, options),
    ensureIndexes: async (declared) => {
      await prepareCollection(mongo)
      await createIndexes(documents, [...documentIndexes, ...declared.map(compositeIndex)])
      existing = await existingIndexes(documents)
    },
    close: mongo.close,
  }
}
