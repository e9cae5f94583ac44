import { isDeepStrictEqual } from 'node:util'
import type { TableRecord } from '../ports/record-table.js'
import { isTombstone } from './tombstones.js'

type Content = Pick<TableRecord, 'value' | 'expiresAt'>

/** Whether two backends say the same of a key; versions are each backend's own. */
export function sameContent(one: Content | null, other: Content | null): boolean {
  const [left, right] = [live(one), live(other)]
  if (left === null || right === null) return left === right
  return (
    left.expiresAt?.getTime() === right.expiresAt?.getTime() &&
    isDeepStrictEqual(normal(left.value), normal(right.value))
  )
}

function live(record: Content | null): Content | null {
  return record === null || isTombstone(record) ? null : record
}

/** As JSON has it: -0 is 0 to some backends, and the prototype of an object is nobody's business. */
function normal(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}
