import { AppError } from '@heirloom/errors'
import type { DocumentQuery, Filter, Order, Scalar } from '../ports/document-store.js'
import { isStorableText } from './data.js'
import { hash128 } from './ids.js'
import { checkField, maxIndexFields, type IndexDefinition } from './indexes.js'
import { parseCollection } from './names.js'
import { readQueryToken } from './query-token.js'

export interface Bound {
  readonly value: number | string
  readonly inclusive: boolean
}

export interface RangeFilter {
  readonly field: string
  readonly lower: Bound | null
  readonly upper: Bound | null
}

/** A query that was checked, and everything a backend needs to run it. */
export interface QueryPlan {
  readonly collectionHash: string
  readonly shape: string
  readonly equals: readonly { readonly field: string; readonly value: Scalar }[]
  /** On the first field of `order`. */
  readonly range: RangeFilter | null
  readonly order: readonly Order[]
  /** The direction in which ids break ties. */
  readonly ties: 'asc' | 'desc'
  readonly limit: number
  /** The last document that was handed out: its values in `order`, and its id. */
  readonly after: { readonly values: readonly Scalar[]; readonly id: string } | null
  /** Any of these serves; the last is the one to suggest. Empty: a listing, which needs none. */
  readonly indexes: readonly IndexDefinition[]
}

export const maxQueryLimit = 1_000
const operators: readonly string[] = ['==', '<', '<=', '>', '>=']

/** @throws AppError INVALID_INPUT, CURSOR_INVALID */
export function planQuery(query: DocumentQuery, declared: readonly IndexDefinition[]): QueryPlan {
  const shape = parseCollection(query.collection)
  if (!Number.isSafeInteger(query.limit) || query.limit < 1 || query.limit > maxQueryLimit) {
    throw new AppError('INVALID_INPUT', `a page has 1 to ${maxQueryLimit} documents`)
  }
  const where = query.where ?? []
  for (const filter of where) checkFilter(filter)
  const equals = where.filter(({ op }) => op === '==')
  const fixed = new Set(equals.map(({ field }) => field))
  if (fixed.size < equals.length) refuse('a field is compared with == twice')
  const range = rangeOf(where.filter(({ op }) => op !== '=='))
  if (range !== null && fixed.has(range.field)) refuse('a field is compared with == and otherwise')

  // A field that has one value orders nothing.
  const order = orderOf(query.orderBy ?? [], range).filter(({ field }) => !fixed.has(field))
  if (equals.length + order.length > maxIndexFields) {
    refuse(`a query filters and orders by at most ${maxIndexFields} fields`)
  }
  const ties = order.at(-1)?.direction ?? 'asc'
  const wanted = { equals: [...fixed].sort(), order }
  return {
    collectionHash: hash128(query.collection),
    shape,
    equals,
    range,
    order,
    ties,
    limit: query.limit,
    after: query.token === undefined ? null : readQueryToken(query, query.token, order.length),
    indexes:
      fixed.size + order.length === 0
        ? []
        : [
            ...declared.filter((index) => index.shape === shape && serves(index, wanted)),
            suggested(shape, wanted),
          ],
  }
}

interface Wanted {
  readonly equals: readonly string[]
  readonly order: readonly Order[]
}

/** Equal fields first, in any order; then the order of the query, or all of it reversed. */
function serves({ fields }: IndexDefinition, { equals, order }: Wanted): boolean {
  if (fields.length !== equals.length + order.length) return false
  const leading = fields.slice(0, equals.length).map(({ field }) => field)
  if (!equals.every((field) => leading.includes(field))) return false
  const rest = fields.slice(equals.length)
  const matches = (wanted: readonly Order[]): boolean =>
    wanted.every(
      ({ field, direction }, index) =>
        rest[index]?.field === field && rest[index].direction === direction,
    )
  return matches(order) || matches(order.map(reversed))
}

function suggested(shape: string, { equals, order }: Wanted): IndexDefinition {
  const ascending = order[0]?.direction === 'desc' ? order.map(reversed) : order
  return {
    shape,
    fields: [...equals.map((field): Order => ({ field, direction: 'asc' })), ...ascending],
  }
}

export function reversed({ field, direction }: Order): Order {
  return { field, direction: direction === 'asc' ? 'desc' : 'asc' }
}

function checkFilter({ field, op, value }: Filter): void {
  checkField(field)
  if (!operators.includes(op)) refuse('a filter compares by ==, <, <=, > or >=')
  if (typeof value === 'string' ? !isStorableText(value) : !isScalar(value)) {
    refuse('a field is compared with a text, a number, true, false or null')
  }
}

function isScalar(value: unknown): boolean {
  return value === null || typeof value === 'boolean' || Number.isFinite(value)
}

function rangeOf(filters: readonly Filter[]): RangeFilter | null {
  const field = filters[0]?.field
  if (field === undefined) return null
  let lower: Bound | null = null
  let upper: Bound | null = null
  for (const { field: other, op, value } of filters) {
    if (other !== field) refuse('only one field is compared by <, <=, > or >=')
    if (typeof value !== 'number' && typeof value !== 'string') {
      refuse('<, <=, > and >= compare numbers or texts')
    }
    const bound: Bound = { value, inclusive: op.endsWith('=') }
    const isLower = op.startsWith('>')
    if ((isLower ? lower : upper) !== null) refuse('a field has two bounds on the same side')
    if (isLower) lower = bound
    else upper = bound
  }
  const [low, high] = [lower, upper] as readonly (Bound | null)[]
  if (low && high && typeof low.value !== typeof high.value) {
    refuse('the bounds of a field are of two types')
  }
  return { field, lower: low ?? null, upper: high ?? null }
}

function orderOf(orderBy: readonly Order[], range: RangeFilter | null): readonly Order[] {
  for (const { field, direction } of orderBy) {
    checkField(field)
    if (direction !== 'asc' && direction !== 'desc') refuse('a direction is asc or desc')
  }
  if (new Set(orderBy.map(({ field }) => field)).size < orderBy.length) {
    refuse('a field is in the order twice')
  }
  if (range === null) return orderBy
  if (orderBy.length === 0) return [{ field: range.field, direction: 'asc' }]
  if (orderBy[0]?.field !== range.field) {
    refuse('the field that is compared by <, <=, > or >= must be the first of the order')
  }
  return orderBy
}

function refuse(message: string): never {
  throw new AppError('INVALID_INPUT', message)
}
