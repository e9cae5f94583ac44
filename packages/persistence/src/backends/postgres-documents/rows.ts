import { sql } from 'kysely'
import type { StoredDocument } from '../../documents/stored.js'
import type { JsonObject } from '../../ports/record-table.js'

export interface PlaceRow {
  readonly id: string
  readonly fullpath: string
  readonly collection: string
  readonly collection_hash: string
  readonly shape: string
  readonly parent: string
  readonly version: number
  readonly created_at: Date
  readonly updated_at: Date
  readonly data: JsonObject
}

export interface DocumentRow extends PlaceRow {
  readonly deleted: boolean
  readonly expires_at: Date | null
}

export const placeColumns = sql`id, fullpath, collection, collection_hash, shape, parent, version,
  created_at, updated_at, data`

export function toStored(row: DocumentRow): StoredDocument {
  return {
    id: row.id,
    fullpath: row.fullpath,
    collection: row.collection,
    collectionHash: row.collection_hash,
    shape: row.shape,
    parent: row.parent,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    data: row.data,
    deleted: row.deleted,
    expiresAt: row.expires_at,
  }
}
