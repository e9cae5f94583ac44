import type { JsonObject, JsonValue } from '../../ports/record-table.js'

/**
 * JSON allows names that BSON's readers give a meaning: `$ref` makes a DBRef, `_bsontype` another
 * type, a dot a path. Such names are kept with `%` and the byte's number, as in a URI; every other
 * name stays as it is, so that indexes and queries find it.
 */
export function encodeFields(data: JsonObject): JsonObject {
  return renamed(data, (name) =>
    name
      .replaceAll('%', '%25')
      .replaceAll('.', '%2E')
      .replace(/^\$/, '%24')
      .replace(/^_bsontype$/, '%5Fbsontype'),
  )
}

export function decodeFields(data: JsonObject): JsonObject {
  return renamed(data, (name) =>
    name.includes('%')
      ? name.replaceAll(/%(24|2E|5F|25)/g, (_, code: string) =>
          String.fromCodePoint(Number.parseInt(code, 16)),
        )
      : name,
  )
}

function renamed(data: JsonObject, rename: (name: string) => string): JsonObject {
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [rename(name), inner(value, rename)]),
  )
}

function inner(value: JsonValue, rename: (name: string) => string): JsonValue {
  if (typeof value !== 'object' || value === null) return value
  if (isArray(value)) return value.map((one) => inner(one, rename))
  return renamed(value, rename)
}

function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value)
}
