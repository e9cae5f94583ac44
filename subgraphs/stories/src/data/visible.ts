import { sql, type RawBuilder, type SqlBool } from 'kysely'
import type { StoryClause, StoryState, StoryVisibility } from '@heirloom/authz'

/** Where a query finds the facts that a visibility looks at. */
export interface StoryColumns {
  readonly id: string
  readonly legacy: string
  readonly author: string
  readonly level: string
  readonly status: string
  /** Null where states beyond draft and published are not kept. */
  readonly moderation: string | null
}

export const storyColumns: StoryColumns = {
  id: 'story.story_id',
  legacy: 'story.legacy_id',
  author: 'story.author_id',
  level: 'story.level',
  status: 'story.status',
  moderation: 'story.moderation',
}

/** A condition on these columns. */
export type VisibleRows = (columns: StoryColumns) => RawBuilder<SqlBool>

export function visibleTo(visibility: StoryVisibility): VisibleRows {
  return (columns) => {
    if (visibility.length === 0) return sql`false`
    const clauses = visibility.map((clause) => every(conditionsOf(clause, columns)))
    return sql`(${sql.join(clauses, sql` or `)})`
  }
}

export function isState(columns: StoryColumns, states: readonly StoryState[]): RawBuilder<SqlBool> {
  const moderation = columns.moderation === null ? sql`null` : sql.ref(columns.moderation)
  const state = sql`case when ${sql.ref(columns.status)} = 'PUBLISHED' then 'PUBLISHED'
    else coalesce(${moderation}, 'DRAFT') end`
  return sql`${state} = any(${[...states]}::text[])`
}

function conditionsOf(
  { legacyIds, storyIds, authorId, states, levels }: StoryClause,
  columns: StoryColumns,
): readonly RawBuilder<SqlBool>[] {
  const among = (column: string, values: readonly string[] | undefined) =>
    values === undefined ? [] : [sql<SqlBool>`${sql.ref(column)} = any(${[...values]}::text[])`]
  return [
    ...among(columns.legacy, legacyIds),
    ...among(columns.id, storyIds),
    ...among(columns.level, levels),
    ...(authorId === undefined ? [] : [sql<SqlBool>`${sql.ref(columns.author)} = ${authorId}`]),
    ...(states === undefined ? [] : [isState(columns, states)]),
  ]
}

function every(conditions: readonly RawBuilder<SqlBool>[]): RawBuilder<SqlBool> {
  return conditions.length === 0 ? sql`true` : sql`(${sql.join(conditions, sql` and `)})`
}
