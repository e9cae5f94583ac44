import { databaseId } from '../../documents/ids.js'
import { valueAt } from '../../documents/query-token.js'
import type { DocumentQuery, Filter, Order, Scalar } from '../../ports/document-store.js'
import type { JsonObject, JsonValue } from '../../ports/record-table.js'

export interface ModelDocument {
  readonly id: string
  readonly data: JsonObject
}

/** What a query of the database `default` must find, told without any index. */
export function findInModel(
  documents: readonly ModelDocument[],
  { collection, where = [], orderBy = [] }: DocumentQuery,
): readonly string[] {
  const range = where.find(({ op }) => op !== '==')?.field
  const implied: readonly Order[] =
    range !== undefined && orderBy.length === 0 ? [{ field: range, direction: 'asc' }] : orderBy
  const fixed = new Set(where.flatMap(({ field, op }) => (op === '==' ? [field] : [])))
  const order = implied.filter(({ field }) => !fixed.has(field))
  const ties = order.at(-1)?.direction ?? 'asc'
  const key = ({ id }: ModelDocument): string => databaseId('default', `${collection}/${id}`)
  return documents
    .filter(({ data }) => where.every((filter) => holds(filter, at(data, filter.field))))
    .filter(({ data }) => order.every(({ field }) => at(data, field) !== undefined))
    .sort((one, other) => {
      for (const { field, direction } of order) {
        const difference = compare(at(one.data, field) ?? null, at(other.data, field) ?? null)
        if (difference !== 0) return direction === 'asc' ? difference : -difference
      }
      const byId = key(one) < key(other) ? -1 : 1
      return ties === 'asc' ? byId : -byId
    })
    .map(({ id }) => id)
}

/** Undefined for what no query finds; an absent field is null. */
function at(data: JsonObject, field: string): Scalar | undefined {
  const value: JsonValue | undefined = valueAt(data, field)
  if (value === undefined) return null
  return typeof value === 'object' && value !== null ? undefined : value
}

function holds({ op, value }: Filter, found: Scalar | undefined): boolean {
  if (found === undefined) return false
  if (op === '==') return found === value
  if (typeof found !== typeof value) return false
  const difference = compare(found, value)
  if (op === '<') return difference < 0
  if (op === '<=') return difference <= 0
  return op === '>' ? difference > 0 : difference >= 0
}

function compare(one: Scalar, other: Scalar): number {
  const rank = (value: Scalar): number =>
    value === null ? 0 : ['number', 'string', 'boolean'].indexOf(typeof value) + 1
  if (rank(one) !== rank(other)) return rank(one) - rank(other)
  if (typeof one === 'string') return Buffer.compare(Buffer.from(one), Buffer.from(String(other)))
  return Number(one) - Number(other)
}
