import { sql, type RawBuilder } from 'kysely'
import type { Order, Scalar } from '../../ports/document-store.js'
import type { Scope } from '../../documents/ids.js'
import type { QueryPlan } from '../../documents/query-plan.js'
import { pathLiteral } from './indexes.js'

type Sql = RawBuilder<unknown>

/** Rank, number and text of a value, as the migration's functions give them. */
function parts(value: Scalar): readonly [number, number, string] {
  if (value === null) return [0, 0, '']
  if (typeof value === 'number') return [1, value, '']
  if (typeof value === 'string') return [2, 0, value]
  return [5, value ? 1 : 0, '']
}

// The same expressions as in the index, or the planner would not know it again.
function columns(field: string): readonly [Sql, Sql, Sql] {
  const path = pathLiteral(field)
  return [
    sql.raw(`document_rank(data, ${path})`),
    sql.raw(`document_number(data, ${path})`),
    sql.raw(`document_text(data, ${path})`),
  ]
}

/** One more than the limit. The shape is a literal, so that the partial index is recognised. */
export function queryStatement(selected: Sql, { tenant, database }: Scope, plan: QueryPlan): Sql {
  const conditions: Sql[] = [
    sql`tenant_id = ${tenant}`,
    sql`database = ${database}`,
    sql`collection_hash = ${plan.collectionHash}`,
    sql`not deleted`,
  ]
  if (plan.indexes.length > 0) conditions.push(sql`shape = ${sql.lit(plan.shape)}`)
  for (const { field, value } of plan.equals) conditions.push(same(field, value))
  for (const { field } of plan.order) conditions.push(sql`${columns(field)[0]} not in (3, 4)`)
  if (plan.range !== null) {
    const { field, lower, upper } = plan.range
    const rank = sql`${columns(field)[0]} = ${parts((lower ?? upper)?.value ?? null)[0]}`
    conditions.push(rank)
    if (lower !== null) conditions.push(compare(field, lower.inclusive ? '>=' : '>', lower.value))
    if (upper !== null) conditions.push(compare(field, upper.inclusive ? '<=' : '<', upper.value))
  }
  if (plan.after !== null) conditions.push(...behind(plan, plan.after))
  const order = plan.order.flatMap(({ field, direction }) =>
    columns(field).map((column) => sql`${column} ${sql.raw(direction)}`),
  )
  return sql`select ${selected} from document where ${sql.join(conditions, sql` and `)}
    order by ${sql.join([...order, sql`id ${sql.raw(plan.ties)}`])} limit ${plan.limit + 1}`
}

function same(field: string, value: Scalar): Sql {
  const [rank, number, text] = columns(field)
  const [r, n, t] = parts(value)
  return sql`${rank} = ${r} and ${number} = ${n} and ${text} = ${t}`
}

function compare(field: string, operator: string, value: Scalar): Sql {
  const [r, n, t] = parts(value)
  return sql`(${sql.join(columns(field))}) ${sql.raw(operator)} (${r}::smallint, ${n}::float8, ${t})`
}

/**
 * What comes after the last document: alike in the first fields and behind it in the next one, for
 * each field in turn. The first condition says nothing more, but an index can seek by it.
 */
function behind(
  { order, ties }: QueryPlan,
  last: { readonly values: readonly Scalar[]; readonly id: string },
): readonly Sql[] {
  const value = (index: number): Scalar => last.values[index] ?? null
  const alternatives = order.map(({ field, direction }, index) => {
    const alike = order.slice(0, index).map((one, at) => same(one.field, value(at)))
    return sql.join([...alike, compare(field, strictly(direction), value(index))], sql` and `)
  })
  const alike = order.map(({ field }, index) => same(field, value(index)))
  const byId = sql`id ${sql.raw(strictly(ties))} ${last.id}`
  const ladder = sql.join(
    [...alternatives, sql.join([...alike, byId], sql` and `)].map((one) => sql`(${one})`),
    sql` or `,
  )
  const [first] = order
  const seek =
    first === undefined ? [] : [compare(first.field, `${strictly(first.direction)}=`, value(0))]
  return [...seek, sql`(${ladder})`]
}

function strictly(direction: Order['direction']): '>' | '<' {
  return direction === 'asc' ? '>' : '<'
}
