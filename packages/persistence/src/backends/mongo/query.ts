/**
 * A query walks its index between two keys: from the start of what its equal fields, bounds and
 * last document leave, to the end of it. So a page costs what it returns, however deep it lies,
 * and values compare by BSON's order over all types, which is the order that the port promises.
 * The filter repeats the conditions, because the bounds of a walk are no promise to the planner.
 */
import { MaxKey, MinKey, type Document, type Filter, type FindOptions } from 'mongodb'
import type { Order, Scalar } from '../../ports/document-store.js'
import type { IndexDefinition } from '../../documents/indexes.js'
import { scopedId, scopePrefix, type Scope } from '../../documents/ids.js'
import { reversed, type Bound, type QueryPlan } from '../../documents/query-plan.js'
import { compositeIndex, documentIndexes } from './indexes.js'
import type { RawDocument } from './raw.js'

export interface MongoQuery {
  readonly filter: Filter<RawDocument>
  readonly options: FindOptions
  /** `min` is inclusive: whoever walks upwards gets the last document of the page before again. */
  readonly skipId: string | null
}

const notScalar = { $not: { $type: ['array', 'object'] } }

export function listing(scope: Scope, plan: QueryPlan): MongoQuery {
  const after = plan.after === null ? null : scopedId(scope, plan.after.id)
  return {
    filter: {
      ...base(scope, plan),
      ...(after === null ? {} : { _id: { $gt: after } }),
    },
    options: {
      hint: documentIndexes[0]?.name ?? '_id_',
      sort: { _id: 1 },
      limit: plan.limit + 1,
    },
    skipId: null,
  }
}

export function indexedQuery(scope: Scope, plan: QueryPlan, index: IndexDefinition): MongoQuery {
  const { name, key } = compositeIndex(index)
  // The walk is backwards when the index has the order of the query reversed.
  const lastDirection = index.fields.at(-1)?.direction ?? 'asc'
  const forwards = lastDirection === plan.ties
  const bounds = walk(scope, plan, index, forwards)
  const direction = forwards ? 1 : -1
  return {
    filter: { ...base(scope, plan), shape: plan.shape, $and: conditions(plan) },
    options: {
      hint: name,
      min: bounds.min,
      max: bounds.max,
      sort: Object.fromEntries(
        Object.entries(key).map(([field, one]) => [field, (Number(one) * direction) as 1 | -1]),
      ),
      limit: plan.limit + 2,
    },
    skipId: plan.after === null ? null : scopedId(scope, plan.after.id),
  }
}

function base({ tenant, database }: Scope, plan: QueryPlan): Filter<RawDocument> {
  return { tenant, database, collection_hash: plan.collectionHash, deleted: false }
}

function conditions({ equals, range, order }: QueryPlan): Filter<RawDocument>[] {
  const found: Document[] = [
    ...equals.map(({ field, value }) => ({ [`data.${field}`]: { $eq: value, ...notScalar } })),
    ...order.map(({ field }) => ({ [`data.${field}`]: notScalar })),
  ]
  if (range !== null) {
    const { lower, upper } = range
    const bound = (one: Bound | null, operator: string): Document =>
      one === null ? {} : { [one.inclusive ? `${operator}e` : operator]: one.value }
    found.push({ [`data.${range.field}`]: { ...bound(lower, '$gt'), ...bound(upper, '$lt') } })
  }
  return found
}

type Key = Document

interface Walk {
  readonly min: Key
  readonly max: Key
}

/** Keys in the order of the index, whichever way it is walked. */
function walk(scope: Scope, plan: QueryPlan, index: IndexDefinition, forwards: boolean): Walk {
  const fixed = new Map(plan.equals.map(({ field, value }) => [field, value]))
  const order = index.fields.slice(plan.equals.length)
  const lead: Key = {
    tenant: scope.tenant,
    database: scope.database,
    collection_hash: plan.collectionHash,
    ...Object.fromEntries(
      index.fields
        .slice(0, plan.equals.length)
        .map(({ field }) => [`data.${field}`, fixed.get(field) ?? null]),
    ),
  }
  const ties: Order = { field: '_id', direction: index.fields.at(-1)?.direction ?? 'asc' }
  const whole = {
    min: { ...lead, ...extremes(order, ties, 'first'), ...edge(plan, order, ties, 'first') },
    max: { ...lead, ...extremes(order, ties, 'last'), ...edge(plan, order, ties, 'last') },
  }
  const last = plan.after
  if (last === null) return whole
  const values = order.map(({ field }, at): [string, Scalar] => [
    `data.${field}`,
    last.values[at] ?? null,
  ])
  const position = { ...lead, ...Object.fromEntries(values), _id: scopedId(scope, last.id) }
  // Upwards from the last document (inclusive, it is skipped), or downwards until before it.
  return forwards ? { ...whole, min: position } : { ...whole, max: position }
}

/** The first or the last key that an index with these fields can have. */
function extremes(order: readonly Order[], ties: Order, which: 'first' | 'last'): Key {
  const extreme = (field: Order): unknown => {
    const { direction } = which === 'first' ? field : reversed(field)
    return direction === 'asc' ? new MinKey() : new MaxKey()
  }
  return Object.fromEntries([
    ...order.map((field) => [`data.${field.field}`, extreme(field)]),
    ['_id', extreme(ties)],
  ])
}

/** Where the bounds of the first field let the walk begin or end. */
function edge(
  { range }: QueryPlan,
  order: readonly Order[],
  ties: Order,
  which: 'first' | 'last',
): Key {
  const [first, ...rest] = order
  if (range === null || first === undefined) return {}
  const bound = (first.direction === 'asc') === (which === 'first') ? range.lower : range.upper
  if (bound === null) return {}
  // A walk begins at what is in, or behind all that is out; it ends behind what is in.
  const inside = which === 'first' ? 'first' : 'last'
  const outside = which === 'first' ? 'last' : 'first'
  return {
    [`data.${first.field}`]: bound.value,
    ...extremes(rest, ties, bound.inclusive ? inside : outside),
  }
}

export function idPrefixPattern(scope: Scope): string {
  return `^${scopePrefix(scope).replaceAll(/[^A-Za-z0-9]/g, String.raw`\$&`)}`
}
