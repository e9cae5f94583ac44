import type { JsonObject } from '../../ports/record-table.js'
import type { StoredDocument } from '../../documents/stored.js'
import type { User, UserId } from '../../ports/user-store.js'
import { scopedId, type Scope } from '../../documents/ids.js'
import { decodeFields, encodeFields } from './field-names.js'

/** What every row has: whose it is, where, and a mark that is new with each write. */
export interface RawRow {
  /** `{tenant}/{database}:{hash}` */
  readonly _id: string
  readonly tenant: string
  readonly database: string
  readonly mark: string
}

export interface RawDocument extends RawRow {
  readonly fullpath: string
  readonly collection: string
  readonly collection_hash: string
  readonly shape: string
  readonly parent: string
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly version: number
  readonly data: JsonObject
  readonly deleted: boolean
  /** Of tombstones alone: the ttl index removes what has it. */
  readonly expiresAt?: Date
}

export interface RawUser extends RawRow {
  readonly username: string
  readonly passwordHash: string | null
  readonly roles: readonly string[]
  readonly disabled: boolean
  readonly profile: JsonObject
  readonly version: number
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly lastLoginAt: Date | null
  readonly failedLogins: number
  readonly lockedUntil: Date | null
}

export function toRawDocument(scope: Scope, stored: StoredDocument, mark: string): RawDocument {
  return {
    _id: scopedId(scope, stored.id),
    tenant: scope.tenant,
    database: scope.database,
    mark,
    fullpath: stored.fullpath,
    collection: stored.collection,
    collection_hash: stored.collectionHash,
    shape: stored.shape,
    parent: stored.parent,
    createdAt: stored.createdAt,
    updatedAt: stored.updatedAt,
    version: stored.version,
    data: encodeFields(stored.data),
    deleted: stored.deleted,
    ...(stored.expiresAt === null ? {} : { expiresAt: stored.expiresAt }),
  }
}

export function toStored(raw: RawDocument): StoredDocument {
  return {
    id: idOf(raw),
    fullpath: raw.fullpath,
    collection: raw.collection,
    collectionHash: raw.collection_hash,
    shape: raw.shape,
    parent: raw.parent,
    version: raw.version,
    createdAt: raw.createdAt,
    updatedAt: raw.updatedAt,
    data: decodeFields(raw.data),
    deleted: raw.deleted,
    expiresAt: raw.expiresAt ?? null,
  }
}

export function toRawUser(scope: Scope, user: User, mark: string): RawUser {
  const { id, ...fields } = user
  return {
    _id: scopedId(scope, id),
    tenant: scope.tenant,
    database: scope.database,
    mark,
    ...fields,
    profile: encodeFields(user.profile),
  }
}

export function toUser(raw: RawUser): User {
  const { _id, tenant: _tenant, database: _database, mark: _mark, ...fields } = raw
  return { ...fields, id: idOf({ ...raw, _id }) as UserId, profile: decodeFields(raw.profile) }
}

function idOf({ _id, tenant }: RawRow): string {
  return _id.slice(tenant.length + 1)
}
