import type { JsonObject } from '@heirloom/persistence'

/** The JSON scalar lets JSON through; whether it is an object, the stores look. */
export function jsonObject(value: unknown): JsonObject {
  return value as JsonObject
}

export function optionalJson(value: unknown): JsonObject | null {
  return value === undefined || value === null ? null : jsonObject(value)
}
