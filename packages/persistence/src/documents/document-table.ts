import type { Scope } from './ids.js'
import type { IndexDefinition } from './indexes.js'
import type { QueryPlan } from './query-plan.js'
import type { ChangeType, StoredDocument } from './stored.js'

/** Pure, and called again when somebody else was faster. What it throws leaves all as it was. */
export type Decide<T> = (current: T | null) => T

/**
 * What a backend implements for documents, once: checks, ids, patches, deletion, tokens and
 * strategies are written above it. Everything is done within a scope, and a scope never sees what
 * is in another.
 */
export interface DocumentTable {
  /** Tombstones too. */
  read(scope: Scope, id: string): Promise<StoredDocument | null>
  /**
   * Reads, decides and writes as one atomic step; writes nothing when `decide` returns what it was
   * given. Resolves to what is there afterwards.
   * @throws AppError CONFLICT when others kept being faster
   */
  change(scope: Scope, id: string, decide: Decide<StoredDocument>): Promise<StoredDocument>
  /** Up to `plan.limit` + 1 documents, no tombstones. @throws AppError INDEX_REQUIRED */
  find(scope: Scope, plan: QueryPlan): Promise<readonly StoredDocument[]>
  /** By id, tombstones too: for copying from one backend to another. */
  scan(scope: Scope, afterId: string, limit: number): Promise<readonly StoredDocument[]>
  /** Resolves when the position is fixed. @throws AppError CURSOR_INVALID, CURSOR_EXPIRED */
  watch(scope: Scope, options: TableWatchOptions): Promise<TableWatch>
  /**
   * Creates what every deployment needs, and the declared composite indexes where it may; what is
   * there stays. @throws AppError BACKEND_UNAVAILABLE that names what is missing
   */
  ensureIndexes(declared: readonly IndexDefinition[]): Promise<void>
  close(): Promise<void>
}

export interface TableWatchOptions {
  readonly collectionHash?: string
  readonly after?: string
  readonly signal: AbortSignal
}

export interface TableEvent {
  readonly type: ChangeType
  /** After the change; of a deletion its `data` means nothing. */
  readonly document: StoredDocument
  readonly at: Date
  readonly position: string
}

export interface TableWatch extends AsyncIterable<TableEvent> {
  readonly position: string
}
