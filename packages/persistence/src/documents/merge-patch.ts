import type { JsonObject, JsonValue } from '../ports/record-table.js'
import { isObject } from './data.js'

/** RFC 7396, section 2. Neither argument is changed. */
export function mergePatch(target: JsonValue | undefined, patch: JsonObject): JsonObject {
  // Built from entries: assigning would give a field called __proto__ a meaning.
  const merged = new Map<string, JsonValue>(isObject(target) ? Object.entries(target) : [])
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) merged.delete(field)
    else merged.set(field, isObject(value) ? mergePatch(merged.get(field), value) : value)
  }
  return Object.fromEntries(merged)
}
