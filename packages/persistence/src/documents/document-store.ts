import { AppError } from '@heirloom/errors'
import type { TenantId } from '@heirloom/tenancy'
import type {
  DocumentEvent,
  DocumentStore,
  DocumentWatch,
  Documents,
  WatchOptions,
  WriteCondition,
} from '../ports/document-store.js'
import type { JsonObject } from '../ports/record-table.js'
import type { Databases } from './databases.js'
import { checkedData } from './data.js'
import type { DocumentTable, TableEvent, TableWatch } from './document-table.js'
import { databaseId, hash128, type Scope } from './ids.js'
import { checkIndexed } from './indexed-values.js'
import type { IndexDefinition } from './indexes.js'
import { mergePatch } from './merge-patch.js'
import { parseCollection, parseDocumentPath, type DocumentPath } from './names.js'
import { planQuery } from './query-plan.js'
import { orderedValues, queryToken } from './query-token.js'
import { readResumeToken, resumeToken, type WatchTarget } from './resume-token.js'
import type { Named } from './strategy.js'
import { documentIdOf, placeOf, toDocument, type StoredDocument } from './stored.js'

export interface DocumentsOptions {
  readonly databases: Databases<Named<DocumentTable>>
  readonly indexes: readonly IndexDefinition[]
  /** How long a tombstone keeps the version of what was deleted. */
  readonly softDeleteRetentionMs: number
  readonly now: () => number
  readonly close: () => Promise<void>
}

/** The one implementation of the port, over whatever tables the databases are bound to. */
export function createDocuments(options: DocumentsOptions): Documents {
  return { for: (tenant) => documentStore(options, tenant), close: options.close }
}

function documentStore(options: DocumentsOptions, tenant: TenantId): DocumentStore {
  const { databases, indexes } = options

  function locate(database: string, text: string): Located {
    const { table } = databases.resolve(tenant, database)
    const path = parseDocumentPath(text)
    const id = databaseId(database, path.fullpath)
    return { scope: { tenant, database }, table, path, id }
  }

  /** Changes what is alive; `next` gets it and says what its data become, or null to delete it. */
  async function change(
    { scope, table, path, id }: Located,
    { ifVersion }: WriteCondition,
    next: (current: StoredDocument) => JsonObject | null,
  ): Promise<StoredDocument> {
    return table.change(scope, id, (found) => {
      const current = samePath(found, path)
      if (current === null || current.deleted) {
        throw new AppError('NOT_FOUND', 'there is no such document')
      }
      if (ifVersion !== undefined && ifVersion !== current.version) {
        throw new AppError('CONFLICT', 'the document changed since it was read', {
          details: { version: current.version },
        })
      }
      const data = next(current)
      const now = options.now()
      return {
        ...current,
        version: current.version + 1,
        updatedAt: new Date(now),
        data: data ?? {},
        deleted: data === null,
        expiresAt: data === null ? new Date(now + options.softDeleteRetentionMs) : null,
      }
    })
  }

  return {
    get: async (database, path) => {
      const located = locate(database, path)
      const found = samePath(await located.table.read(located.scope, located.id), located.path)
      return found === null || found.deleted ? null : toDocument(found)
    },

    create: async (database, path, input) => {
      const located = locate(database, path)
      const data = checkedData(input)
      checkIndexed(indexes, located.path.shape, data)
      const place = placeOf(located.path, located.id, hash128(located.path.collection))
      const created = await located.table.change(located.scope, located.id, (found) => {
        const current = samePath(found, located.path)
        if (current !== null && !current.deleted) {
          throw new AppError('CONFLICT', 'there is a document at this path already', {
            details: { version: current.version },
          })
        }
        // Never earlier than the tombstone: the later life of a path is told by its creation.
        const at = new Date(Math.max(options.now(), (current?.updatedAt.getTime() ?? 0) + 1))
        return {
          ...place,
          version: (current?.version ?? 0) + 1,
          createdAt: at,
          updatedAt: at,
          data,
          deleted: false,
          expiresAt: null,
        }
      })
      return toDocument(created)
    },

    update: async (database, path, input, condition = {}) => {
      const located = locate(database, path)
      const data = checkedData(input)
      checkIndexed(indexes, located.path.shape, data)
      return toDocument(await change(located, condition, () => data))
    },

    patch: async (database, path, input, condition = {}) => {
      const located = locate(database, path)
      const patch = checkedData(input, 'the patch')
      return toDocument(
        await change(located, condition, (current) => {
          const data = checkedData(mergePatch(current.data, patch))
          checkIndexed(indexes, located.path.shape, data)
          return data
        }),
      )
    },

    delete: async (database, path, condition = {}) => {
      await change(locate(database, path), condition, () => null)
    },

    query: async (database, query) => {
      const { table } = databases.resolve(tenant, database)
      const plan = planQuery(query, indexes)
      const found = await table.find({ tenant, database }, plan)
      const page = found.slice(0, plan.limit)
      const last = page.at(-1)
      const more = found.length > plan.limit && last !== undefined
      return {
        documents: page.map(toDocument),
        next: more
          ? queryToken(query, { values: orderedValues(last.data, plan.order), id: last.id })
          : null,
      }
    },

    watch: async (database, watchOptions = {}) => {
      const { name, table } = databases.resolve(tenant, database)
      return openWatch(
        table,
        { tenant, database, backend: name, ...target(watchOptions) },
        watchOptions,
      )
    },
  }
}

interface Located {
  readonly scope: Scope
  readonly table: DocumentTable
  readonly path: DocumentPath
  readonly id: string
}

/** Two paths with one hash are not expected in the life of the universe; nor are they mixed up. */
function samePath(found: StoredDocument | null, path: DocumentPath): StoredDocument | null {
  if (found === null || found.fullpath === path.fullpath) return found
  throw new AppError('CONFLICT', 'another path has the same hash; choose another id')
}

function target({ collection }: WatchOptions): { readonly collection: string | undefined } {
  if (collection !== undefined) parseCollection(collection)
  return { collection }
}

async function openWatch(
  table: DocumentTable,
  watched: WatchTarget,
  { resumeToken: token, signal }: WatchOptions,
): Promise<DocumentWatch> {
  const watch: TableWatch = await table.watch(watched, {
    signal: signal ?? new AbortController().signal,
    ...(watched.collection === undefined ? {} : { collectionHash: hash128(watched.collection) }),
    ...(token === undefined ? {} : { after: readResumeToken(watched, token) }),
  })
  return {
    get position() {
      return resumeToken(watched, watch.position)
    },
    async *[Symbol.asyncIterator]() {
      for await (const event of watch) yield toEvent(event, watched)
    },
  }
}

function toEvent(
  { type, document, at, position }: TableEvent,
  watched: WatchTarget,
): DocumentEvent {
  return {
    type,
    collection: document.collection,
    id: documentIdOf(document),
    version: document.version,
    at,
    document: type === 'deleted' ? null : toDocument(document),
    resumeToken: resumeToken(watched, position),
  }
}
