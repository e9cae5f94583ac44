import { AppError } from '@heirloom/errors'
import type { JsonObject } from '../ports/record-table.js'

const maxIdentifierLength = 256

/**
 * A name that becomes a part of a key. Anything goes that can be stored: `#` is escaped, and how
 * many bytes the whole key may have is the backend's affair.
 * @throws AppError INVALID_INPUT
 */
export function identifier(value: string, what: string): string {
  if (typeof value !== 'string' || value === '') throw invalid(`${what} is empty`)
  if (value.length > maxIdentifierLength) {
    throw invalid(`${what} has more than ${maxIdentifierLength} characters`)
  }
  // Control characters, and halves of a surrogate pair, which have no UTF-8.
  if (/[\p{Cc}\p{Surrogate}]/u.test(value)) throw invalid(`${what} has a character that is no text`)
  return value
}

export function optionalIdentifier(value: string | null | undefined, what: string): string | null {
  return value === null || value === undefined ? null : identifier(value, what)
}

/** @throws AppError INVALID_INPUT */
export function boundedText(value: string, what: string, maxLength: number): string {
  if (typeof value !== 'string') throw invalid(`${what} must be a text`)
  if (value.length > maxLength) throw invalid(`${what} has more than ${maxLength} characters`)
  return value
}

export function optionalText(
  value: string | null | undefined,
  what: string,
  maxLength: number,
): string | null {
  return value === null || value === undefined ? null : boundedText(value, what, maxLength)
}

/** @throws AppError INVALID_INPUT */
export function wholeNumber(value: number, what: string, min: number, max: number): number {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value
  throw invalid(`${what} must be a whole number from ${min} to ${max}`)
}

/** @throws AppError INVALID_INPUT */
export function oneOf<T extends string>(values: readonly T[], value: string, what: string): T {
  const found = values.find((candidate) => candidate === value)
  if (found !== undefined) return found
  throw invalid(`${what} must be one of ${values.join(', ')}`)
}

/** @throws AppError INVALID_INPUT */
export function truth(value: boolean, what: string): boolean {
  if (typeof value === 'boolean') return value
  throw invalid(`${what} must be true or false`)
}

// The years that a timestamp of 15 digits and ISO 8601 without a sign both hold.
const maxTime = Date.UTC(9999, 11, 31)

/** @throws AppError INVALID_INPUT */
export function instant(value: Date, what: string): Date {
  if (value instanceof Date && value.getTime() >= 0 && value.getTime() <= maxTime) return value
  throw invalid(`${what} is no time between the years 1970 and 9999`)
}

/** A time that has not come yet, or null. @throws AppError INVALID_INPUT */
export function expiry(value: Date | null | undefined, now: number, what: string): Date | null {
  if (value === null || value === undefined) return null
  if (instant(value, what).getTime() > now) return value
  throw invalid(`${what} has passed already`)
}

/** An object; what is in it is checked, with its size, by the backend. @throws AppError INVALID_INPUT */
export function jsonObject(value: JsonObject, what: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw invalid(`${what} must be a JSON object`)
}

export function invalid(message: string): AppError {
  return new AppError('INVALID_INPUT', message)
}
