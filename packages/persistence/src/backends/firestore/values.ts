import type { JsonObject, JsonValue } from '../../ports/record-table.js'

/** A value on the wire (google.firestore.v1.Value); 64-bit integers come back as text. */
export interface WireValue {
  readonly nullValue?: 'NULL_VALUE' | null
  readonly booleanValue?: boolean | null
  readonly integerValue?: number | string | null
  readonly doubleValue?: number | null
  readonly stringValue?: string | null
  readonly timestampValue?: WireTimestamp | null
  readonly referenceValue?: string | null
  readonly arrayValue?: { readonly values?: WireValue[] | null } | null
  readonly mapValue?: { readonly fields?: Record<string, WireValue> | null } | null
}
export interface WireTimestamp {
  readonly seconds?: number | string | null
  readonly nanos?: number | null
}

// A document may be nested 20 levels deep; the map of the value and the document itself are two.
const maxMapDepth = 18
/**
 * Every field costs two index entries, of which a document may have 40,000, together no more than
 * 8 MiB with the document's name in each of them.
 */
const maxMapFields = 500
/** "Maximum size of a field path: 1,500 bytes." */
const maxPathBytes = 1_400
const reservedName = /^__.*__$/su

/**
 * Whether Firestore can keep this as a map: it has no arrays within arrays, no empty and no
 * reserved field names, and limits of its own. What it cannot is kept as JSON text.
 */
export function fitsMap(value: JsonObject): boolean {
  let fields = 0

  function fits(inner: JsonValue, depth: number, pathBytes: number, inArray: boolean): boolean {
    fields += 1
    if (fields > maxMapFields) return false
    if (typeof inner !== 'object' || inner === null) return true
    if (depth > maxMapDepth) return false
    if (isArray(inner)) {
      return !inArray && inner.every((item) => fits(item, depth + 1, pathBytes, true))
    }
    return Object.entries(inner).every(([name, item]) => {
      // A name that is no simple identifier is quoted in a path, its own quotes doubled.
      const bytes = pathBytes + 2 * Buffer.byteLength(name) + 3
      if (name === '' || reservedName.test(name) || bytes > maxPathBytes) return false
      return fits(item, depth + 1, bytes, false)
    })
  }

  return fits(value, 1, 0, false)
}

export function toWire(value: JsonValue): WireValue {
  if (value === null) return { nullValue: 'NULL_VALUE' }
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { booleanValue: value }
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) ? { integerValue: value } : { doubleValue: value }
  }
  if (isArray(value)) return { arrayValue: { values: value.map(toWire) } }
  return { mapValue: { fields: wireFields(value) } }
}

export function wireFields(value: JsonObject): Record<string, WireValue> {
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, toWire(inner)]))
}

export function fromWire(value: WireValue): JsonValue {
  if (typeof value.stringValue === 'string') return value.stringValue
  if (typeof value.booleanValue === 'boolean') return value.booleanValue
  if (value.integerValue !== undefined && value.integerValue !== null) {
    return Number(value.integerValue)
  }
  if (typeof value.doubleValue === 'number') return value.doubleValue
  if (value.arrayValue) return (value.arrayValue.values ?? []).map(fromWire)
  if (value.mapValue) {
    const fields = Object.entries(value.mapValue.fields ?? {})
    return Object.fromEntries(fields.map(([name, inner]) => [name, fromWire(inner)]))
  }
  return null
}

const msPerSecond = 1_000
const nanosPerMs = 1_000_000

export function timestampOf(date: Date): WireTimestamp {
  const seconds = Math.floor(date.getTime() / msPerSecond)
  return { seconds, nanos: (date.getTime() - seconds * msPerSecond) * nanosPerMs }
}

export function millisecondsOf({ seconds, nanos }: WireTimestamp): number {
  return Number(seconds ?? 0) * msPerSecond + Math.floor((nanos ?? 0) / nanosPerMs)
}

function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value)
}
