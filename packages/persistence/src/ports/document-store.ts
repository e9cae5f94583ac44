import type { TenantId } from '@heirloom/tenancy'
import type { JsonObject } from './record-table.js'

/**
 * A document as callers see it. Its path is `{collection}/{id}`; what the backend keeps beside it
 * (keys, hashes, tenant, database) stays there.
 */
export interface Document {
  /** `people`, or `people/{id}/letters` below another document. */
  readonly collection: string
  /** The last segment of the path. */
  readonly id: string
  /** Grows by one with each change, deletions included. */
  readonly version: number
  readonly createdAt: Date
  readonly updatedAt: Date
  /** JSON; the order of its fields is not kept. */
  readonly data: JsonObject
}

export interface WriteCondition {
  /** The version that was read; without it the last writer wins. */
  readonly ifVersion?: number
}

export type Scalar = string | number | boolean | null

export interface Filter {
  /** `name`, or `address.city`. */
  readonly field: string
  readonly op: '==' | '<' | '<=' | '>' | '>='
  readonly value: Scalar
}

export interface Order {
  readonly field: string
  readonly direction: 'asc' | 'desc'
}

/**
 * Documents of one collection, without those of the collections below it. Values compare as null
 * (and absent) < numbers < strings (by the bytes of their UTF-8) < false < true; a comparison other
 * than `==` finds values of its own type only. A document that has an array or an object in a
 * field that is filtered or ordered by is not found. Ties are broken by a fixed order of documents.
 */
export interface DocumentQuery {
  readonly collection: string
  /** All must hold. Comparisons other than `==` on one field at most, the first of `orderBy`. */
  readonly where?: readonly Filter[]
  readonly orderBy?: readonly Order[]
  /** 1 to 1,000. */
  readonly limit: number
  /** `next` of the page before; good for the same query only. */
  readonly token?: string
}

export interface DocumentPage {
  readonly documents: readonly Document[]
  /** Null when nothing was left at the time of reading. */
  readonly next: string | null
}

export interface WatchOptions {
  /** All collections of the database, unless one is named. */
  readonly collection?: string
  /** Of an event, or of `DocumentWatch.position`; without it the watch begins now. */
  readonly resumeToken?: string
  /** Aborting ends the watch and wakes it. */
  readonly signal?: AbortSignal
}

export interface DocumentEvent {
  readonly type: 'created' | 'updated' | 'deleted'
  readonly collection: string
  readonly id: string
  readonly version: number
  readonly at: Date
  /** As it was right after this change; null when it was deleted. */
  readonly document: Document | null
  /** Resumes after this event. Opaque: it is a position and no permission. */
  readonly resumeToken: string
}

/** Pulled by its consumer, so that a slow one costs no memory. One consumer per watch. */
export interface DocumentWatch extends AsyncIterable<DocumentEvent> {
  /**
   * Up to where this watch has come. Before the first event it is where the watch began: read
   * the documents after opening the watch, and nothing is missed between the two. While nothing
   * happens it moves on, and so stays within the retention.
   */
  readonly position: string
}

/**
 * Documents of one tenant, in databases that are named by every call. A database that is empty,
 * not configured, or another tenant's own, fails before anything is read or written.
 *
 * Reads see every write that was acknowledged before they began, unless the database's strategy
 * reads from a replica. Each write is atomic for its document; nothing is promised across
 * documents. All methods throw INVALID_INPUT for an empty database or a path that cannot be,
 * DATABASE_UNKNOWN, and BACKEND_UNAVAILABLE or TIMEOUT when the backend does not answer (a write
 * may have happened then: repeat it with `ifVersion`).
 */
export interface DocumentStore {
  /** The document, or null when there is none. */
  get(database: string, path: string): Promise<Document | null>

  /**
   * A new document. Deleted before: the path begins again with `createdAt` now, and its version
   * goes on from the deletion's, so that no version is used twice while the deletion is retained.
   * @throws AppError CONFLICT when the document is there, INVALID_INPUT, PAYLOAD_TOO_LARGE
   */
  create(database: string, path: string, data: JsonObject): Promise<Document>

  /**
   * Replaces all of `data`.
   * @throws AppError NOT_FOUND, CONFLICT when `ifVersion` is not the version any more
   */
  update(
    database: string,
    path: string,
    data: JsonObject,
    condition?: WriteCondition,
  ): Promise<Document>

  /**
   * Merges into `data` by JSON Merge Patch (RFC 7396): null removes a field, an object is merged,
   * anything else (arrays too) replaces. Atomic: of concurrent patches none is lost.
   * @throws AppError NOT_FOUND, CONFLICT when `ifVersion` is not the version any more
   */
  patch(
    database: string,
    path: string,
    patch: JsonObject,
    condition?: WriteCondition,
  ): Promise<Document>

  /**
   * Deletes softly: the document is gone for every reader at once, its data is erased, and a
   * tombstone keeps its version until the retention is over. Documents in collections below it
   * stay.
   * @throws AppError NOT_FOUND, CONFLICT when `ifVersion` is not the version any more
   */
  delete(database: string, path: string, condition?: WriteCondition): Promise<void>

  /**
   * One page. A query that filters or orders needs its composite index; without any it lists the
   * collection. Pages are no snapshot: what is written between two pages appears if it lies ahead.
   * @throws AppError INDEX_REQUIRED with `details.index` (what to declare) and `details.create`
   *   (the backend's own statement), CURSOR_INVALID for a token of another query
   */
  query(database: string, query: DocumentQuery): Promise<DocumentPage>

  /**
   * Every change that is committed after the position, once and in the order of the commits, as
   * far as the backend's retention reaches. Resolves when the position is fixed. Iterating throws
   * BACKEND_UNAVAILABLE when the backend goes away: watch again from the last token.
   * @throws AppError CURSOR_INVALID (malformed, or of another tenant, database or collection),
   *   CURSOR_EXPIRED (the retention passed it, or the database moved to another backend: read the
   *   documents anew), CURSOR_AHEAD (the backend was restored to an earlier state)
   */
  watch(database: string, options?: WatchOptions): Promise<DocumentWatch>
}

/** Held by the process that opened it; hands out what belongs to one tenant. */
export interface Documents {
  for(tenant: TenantId): DocumentStore
  close(): Promise<void>
}
