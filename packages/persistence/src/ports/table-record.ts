export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [field: string]: JsonValue }
export type JsonObject = { readonly [field: string]: JsonValue }

declare const brand: unique symbol
/** Opaque: compare for equality only. A key never sees the same version twice. */
export type RecordVersion = string & { readonly [brand]: 'RecordVersion' }

export interface TableRecord {
  readonly sk: string
  /** JSON; the order of its fields is not kept. */
  readonly value: JsonObject
  readonly version: RecordVersion
  readonly expiresAt: Date | null
}
