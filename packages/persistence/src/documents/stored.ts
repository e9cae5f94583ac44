import type { Document } from '../ports/document-store.js'
import type { JsonObject } from '../ports/record-table.js'
import type { DocumentPath } from './names.js'

/** A document as backends keep it. A tombstone is one with `deleted`, no data and an expiry. */
export interface StoredDocument {
  /** `{database}:{hash128(fullpath)}` */
  readonly id: string
  readonly fullpath: string
  readonly collection: string
  readonly collectionHash: string
  readonly shape: string
  readonly parent: string
  readonly version: number
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly data: JsonObject
  readonly deleted: boolean
  readonly expiresAt: Date | null
}

export function toDocument(stored: StoredDocument): Document {
  return {
    collection: stored.collection,
    id: documentIdOf(stored),
    version: stored.version,
    createdAt: stored.createdAt,
    updatedAt: stored.updatedAt,
    data: stored.data,
  }
}

export function documentIdOf(stored: Pick<StoredDocument, 'fullpath'>): string {
  return stored.fullpath.slice(stored.fullpath.lastIndexOf('/') + 1)
}

export type ChangeType = 'created' | 'updated' | 'deleted'

/** Null for what no reader of documents can see: a tombstone that is replaced, or purged. */
export function changeType(
  before: Pick<StoredDocument, 'deleted'> | null,
  after: Pick<StoredDocument, 'deleted'> | null,
): ChangeType | null {
  const was = before !== null && !before.deleted
  const is = after !== null && !after.deleted
  if (is) return was ? 'updated' : 'created'
  return was ? 'deleted' : null
}

export function placeOf(
  path: DocumentPath,
  id: string,
  collectionHash: string,
): Pick<StoredDocument, 'id' | 'fullpath' | 'collection' | 'collectionHash' | 'shape' | 'parent'> {
  const { fullpath, collection, shape, parent } = path
  return { id, fullpath, collection, collectionHash, shape, parent }
}
