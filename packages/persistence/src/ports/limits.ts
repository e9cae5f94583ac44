import { AppError } from '@heirloom/errors'
import type { JsonObject, JsonValue, RecordTableCapabilities, Write } from './record-table.js'

/** Checks that every backend makes, so that a tenant can move from one to another. */
export function checkKey(pk: string, capabilities: RecordTableCapabilities): void {
  checkKeyText(pk, 'partition key', capabilities.maxPartitionKeyBytes)
}

/** @throws AppError INVALID_INPUT */
export function checkSortKey(sk: string, capabilities: RecordTableCapabilities): void {
  checkKeyText(sk, 'sort key', capabilities.maxSortKeyBytes)
}

/** @throws AppError INVALID_INPUT */
export function checkSortKeys(sks: readonly string[], capabilities: RecordTableCapabilities): void {
  if (sks.length > capabilities.maxBatchGetItems) {
    throw new AppError(
      'INVALID_INPUT',
      `at most ${capabilities.maxBatchGetItems} records are read at once`,
    )
  }
  for (const sk of sks) checkSortKey(sk, capabilities)
}

/** @throws AppError INVALID_INPUT */
export function checkLimit(limit: number, capabilities: RecordTableCapabilities): void {
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > capabilities.maxPageItems) {
    throw new AppError('INVALID_INPUT', `a page has 1 to ${capabilities.maxPageItems} records`)
  }
}

/**
 * The JSON of each put (null for a delete), after everything that a backend might refuse has been
 * refused.
 * @throws AppError INVALID_INPUT, PAYLOAD_TOO_LARGE
 */
export function checkWrites(
  pk: string,
  writes: readonly Write[],
  capabilities: RecordTableCapabilities,
): readonly (string | null)[] {
  checkKey(pk, capabilities)
  if (writes.length === 0) throw new AppError('INVALID_INPUT', 'there is nothing to write')
  if (writes.length > capabilities.maxTransactItems) {
    throw new AppError(
      'PAYLOAD_TOO_LARGE',
      `at most ${capabilities.maxTransactItems} records are written together`,
    )
  }
  if (new Set(writes.map((write) => write.sk)).size < writes.length) {
    throw new AppError('INVALID_INPUT', 'one record is written twice in the same transaction')
  }
  for (const write of writes) checkSortKey(write.sk, capabilities)
  const texts = writes.map((write) =>
    write.op === 'put' ? valueText(write.value, capabilities) : null,
  )
  const total = texts.reduce((sum, text) => sum + (text === null ? 0 : Buffer.byteLength(text)), 0)
  if (total > capabilities.maxTransactBytes) {
    throw new AppError(
      'PAYLOAD_TOO_LARGE',
      `at most ${capabilities.maxTransactBytes} bytes are written together`,
    )
  }
  return texts
}

function valueText(value: JsonObject, capabilities: RecordTableCapabilities): string {
  checkValue(value, capabilities.maxValueDepth)
  const text = JSON.stringify(value)
  if (Buffer.byteLength(text) > capabilities.maxItemBytes) {
    throw new AppError(
      'PAYLOAD_TOO_LARGE',
      `a record has at most ${capabilities.maxItemBytes} bytes of JSON`,
    )
  }
  return text
}

function checkValue(value: JsonValue | undefined, depthLeft: number): void {
  if (typeof value === 'string') return checkText(value, 'a value')
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new AppError('INVALID_INPUT', 'a value is not a finite number')
  }
  if (typeof value !== 'object' || value === null) return
  if (depthLeft === 0) throw new AppError('INVALID_INPUT', 'a value is nested too deeply')
  for (const [field, inner] of Object.entries(value)) {
    checkText(field, 'a field name')
    checkValue(inner, depthLeft - 1)
  }
}

function checkKeyText(text: string, what: string, maxBytes: number): void {
  if (text === '') throw new AppError('INVALID_INPUT', `the ${what} is empty`)
  checkText(text, `the ${what}`)
  if (Buffer.byteLength(text) > maxBytes) {
    throw new AppError('INVALID_INPUT', `the ${what} has more than ${maxBytes} bytes`)
  }
}

// The first is quick on what has none at all, which is nearly every text.
const surrogate = /[\uD800-\uDFFF]/
const loneSurrogate = /\p{Surrogate}/u

// NUL cannot be stored by Postgres; half a surrogate pair has no UTF-8 at all.
function checkText(text: string, what: string): void {
  if (text.includes('\0') || (surrogate.test(text) && loneSurrogate.test(text))) {
    throw new AppError('INVALID_INPUT', `${what} contains a character that cannot be stored`)
  }
}
