import { AppError } from '@heirloom/errors'
import type { JsonObject, JsonValue } from '../ports/record-table.js'

/** Below MongoDB's 16 MB a document, and its 100 levels, with room for what is kept beside. */
export const maxDataBytes = 1_048_576
const maxDepth = 64

/**
 * A copy that every backend keeps alike: plain JSON, -0 as 0.
 * @throws AppError INVALID_INPUT, PAYLOAD_TOO_LARGE
 */
export function checkedData(data: JsonObject, what = 'the data'): JsonObject {
  if (!isObject(data)) throw new AppError('INVALID_INPUT', `${what} must be an object`)
  checkValue(data, what, maxDepth)
  const text = JSON.stringify(data)
  if (Buffer.byteLength(text) > maxDataBytes) {
    throw new AppError('PAYLOAD_TOO_LARGE', `a document has at most ${maxDataBytes} bytes of JSON`)
  }
  return JSON.parse(text) as JsonObject
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** NUL cannot be stored by Postgres; half a surrogate pair has no UTF-8 at all. */
export function isStorableText(text: string): boolean {
  return !text.includes('\0') && !/\p{Surrogate}/u.test(text)
}

function checkValue(value: unknown, what: string, depthLeft: number): void {
  if (value === null || typeof value === 'boolean') return
  if (typeof value === 'string') return checkText(value, what)
  if (typeof value === 'number' && Number.isFinite(value)) return
  if (typeof value !== 'object') {
    throw new AppError('INVALID_INPUT', `${what} contains what is not JSON`)
  }
  if (depthLeft === 0) throw new AppError('INVALID_INPUT', `${what} is nested too deeply`)
  for (const [field, inner] of Object.entries(value)) {
    checkText(field, what)
    checkValue(inner, what, depthLeft - 1)
  }
}

function checkText(text: string, what: string): void {
  if (!isStorableText(text)) {
    throw new AppError('INVALID_INPUT', `${what} contains a character that cannot be stored`)
  }
}
