import type { TenantId } from '@heirloom/tenancy'
import type { KeyLayout } from './key-layout.js'
import type { ScanPage, ScanRange } from './record-scan.js'
import type { JsonObject, RecordVersion, TableRecord } from './table-record.js'

export type { JsonObject, JsonValue, RecordVersion, TableRecord } from './table-record.js'

/** What must be there for a write to happen. An expired record counts as absent. */
export type Expectation = 'anything' | 'absent' | { readonly version: RecordVersion }

export type Write =
  | {
      readonly op: 'put'
      readonly sk: string
      readonly value: JsonObject
      readonly expect?: Expectation
      readonly expiresAt?: Date | null
    }
  | {
      readonly op: 'delete'
      readonly sk: string
      readonly expect?: Exclude<Expectation, 'absent'>
    }

export interface RecordRange {
  /** Only keys that begin with this. */
  readonly prefix?: string
  /** Only keys after this one; it need not exist. */
  readonly after?: string
  /** Only keys before this one. */
  readonly before?: string
  readonly order?: 'ascending' | 'descending'
  /** 1 to `capabilities.maxPageItems`. */
  readonly limit: number
  /** `next` of the page before; good for the same partition and range only. */
  readonly token?: string
}

export interface RecordPage {
  readonly records: readonly TableRecord[]
  /** Null when nothing was left at the time of reading. */
  readonly next: string | null
}

/** Where backends differ. A store asks these instead of asking which backend it runs on. */
export interface RecordTableCapabilities {
  readonly maxItemBytes: number
  readonly maxTransactItems: number
  readonly maxTransactBytes: number
  readonly maxPartitionKeyBytes: number
  readonly maxSortKeyBytes: number
  readonly maxPageItems: number
  readonly maxBatchGetItems: number
  /** Nested arrays and objects. */
  readonly maxValueDepth: number
  /** How exactly a record stops being readable at `expiresAt`. */
  readonly expiryPrecisionMs: number
  /**
   * `records`: each record of a page is as it was committed, but the page as a whole is no
   * snapshot: of writes that happen meanwhile it may show a later one without an earlier one.
   */
  readonly pages?: 'snapshot' | 'records'
  /** `notify`: `onChange` is told of changes by any process. `none`: callers only poll. */
  readonly changes: 'notify' | 'none'
}

/**
 * Records of one tenant in partitions: a record has a partition key, a sort key that orders it in
 * its partition by the bytes of its UTF-8, a JSON object, and a version.
 *
 * Reads see every write that was acknowledged before they began. Nothing is promised across
 * partitions. All methods throw BACKEND_UNAVAILABLE or TIMEOUT when the backend does not answer
 * (a write may have happened then: repeat it with an expectation), and INVALID_INPUT for a key or
 * value that no backend could keep (empty, too long, a NUL or half a surrogate pair).
 */
export interface RecordTable {
  readonly capabilities: RecordTableCapabilities

  /** The record, or null when there is none or it has expired. */
  get(pk: string, sk: string): Promise<TableRecord | null>

  /**
   * For each key, in the order given, what `get` would say; a key may be asked for twice. Consistent
   * in itself as far as a page is (`capabilities.pages`). At most `capabilities.maxBatchGetItems`
   * keys; none is no error. @throws AppError INVALID_INPUT
   */
  getMany(pk: string, sks: readonly string[]): Promise<readonly (TableRecord | null)[]>

  /**
   * Writes one record, replacing all of it, and resolves to its new version. Atomic; with an
   * expectation, of several concurrent writers that expect the same exactly one succeeds.
   * @throws AppError CONFLICT when the expectation fails, PAYLOAD_TOO_LARGE
   */
  put(
    pk: string,
    sk: string,
    value: JsonObject,
    options?: { readonly expect?: Expectation; readonly expiresAt?: Date | null },
  ): Promise<RecordVersion>

  /**
   * Removes one record. Removing what is not there is no error, unless a version is expected.
   * @throws AppError CONFLICT when the expectation fails
   */
  delete(
    pk: string,
    sk: string,
    options?: { readonly expect?: Exclude<Expectation, 'absent'> },
  ): Promise<void>

  /**
   * One page of a partition in key order. Each page is consistent in itself, unless
   * `capabilities.pages` says `records`; records written between two pages appear if their key lies
   * ahead. A page may have fewer records than asked for, and none only when nothing is left.
   * @throws AppError CURSOR_INVALID for a token that is malformed or of another range
   */
  query(pk: string, range: RecordRange): Promise<RecordPage>

  /**
   * All writes, or none; readers never see some of them. Keys must differ. Resolves to the new
   * version of each put (null for a delete), in the order given.
   * @throws AppError CONFLICT when an expectation fails: `failedWrites(error)` says which ones, as
   *   far as the backend knows; PAYLOAD_TOO_LARGE above the declared limits
   */
  transact(pk: string, writes: readonly Write[]): Promise<readonly (RecordVersion | null)[]>

  /**
   * Calls `wake` after changes of the partition, by any process. A hint and no more: it can be
   * late, doubled, early or lost, so whoever waits polls as well. Returns the unsubscriber.
   */
  onChange(pk: string, wake: () => void): () => void
}

/** The only way to a table: the tenant is bound before any data is reached. */
export interface Records {
  for(tenant: TenantId, layout?: KeyLayout): RecordTable

  /**
   * One page of all records of a tenant, or of all tenants, that were written with this layout; for
   * moving data, never for a request. A record that is there, and not written, from before the first
   * page until after the last one appears at least once; of others nothing is promised, and a
   * record may appear twice. Expired records do not appear. The order is the backend's own. A page
   * may be empty although `next` says there is more. A token stays good across processes and
   * restarts, for the same range.
   * @throws AppError CURSOR_INVALID, INVALID_INPUT, BACKEND_UNAVAILABLE, TIMEOUT
   */
  scan(range: ScanRange, layout?: KeyLayout): Promise<ScanPage>
}
