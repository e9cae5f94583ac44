import { AppError } from '@heirloom/errors'
import type { DocumentQuery, Order, Scalar } from '../ports/document-store.js'
import type { JsonObject, JsonValue } from '../ports/record-table.js'
import { isObject } from './data.js'
import { hash128 } from './ids.js'
import { decodeToken, encodeToken } from './token.js'

// Version 1: the digest of the query, then the last document's ordered values and id. The token
// reaches nothing that its holder could not read by the query itself, so it needs no signature.
const version = 1

export interface QueryPosition {
  readonly values: readonly Scalar[]
  readonly id: string
}

export function queryToken(query: DocumentQuery, { values, id }: QueryPosition): string {
  return encodeToken([version, digest(query), ...values, id])
}

/** @throws AppError CURSOR_INVALID */
export function readQueryToken(query: DocumentQuery, token: string, values: number): QueryPosition {
  const [tokenVersion, of, ...position] = decodeToken(token)
  const id = position.at(-1)
  const scalars = position.slice(0, -1).filter(isScalar)
  if (
    tokenVersion !== version ||
    of !== digest(query) ||
    scalars.length !== values ||
    position.length !== values + 1 ||
    typeof id !== 'string'
  ) {
    throw new AppError('CURSOR_INVALID', 'this page token belongs to another query')
  }
  return { values: scalars, id }
}

function isScalar(value: unknown): value is Scalar {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value)
}

/** What a document has in the fields of the order; an absent field is null. */
export function orderedValues(data: JsonObject, order: readonly Order[]): readonly Scalar[] {
  return order.map(({ field }) => {
    const value = valueAt(data, field)
    return typeof value === 'object' || value === undefined ? null : value
  })
}

export function valueAt(data: JsonObject, field: string): JsonValue | undefined {
  let value: JsonValue | undefined = data
  for (const name of field.split('.')) {
    value = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
  }
  return value
}

function digest({ collection, where = [], orderBy = [] }: DocumentQuery): string {
  return hash128(
    JSON.stringify([
      collection,
      where.map(({ field, op, value }) => [field, op, value]),
      orderBy.map(({ field, direction }) => [field, direction]),
    ]),
  )
}
