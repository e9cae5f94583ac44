import { createHash } from 'node:crypto'
import type { JsonValue } from '../ports/record-table.js'

/** Equal for equal JSON, whatever the order of its fields. */
export function jsonDigest(value: JsonValue): string {
  return createHash('sha256').update(canonical(value)).digest('base64url')
}

function canonical(value: JsonValue): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  if (isList(value)) return `[${value.map(canonical).join(',')}]`
  const fields = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`)
  return `{${fields.join(',')}}`
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value)
}
