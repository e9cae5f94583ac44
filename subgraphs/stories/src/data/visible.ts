import { sql, type RawBuilder, type SqlBool } from 'kysely'
import type { StoryVisibility } from '../domain/visibility.js'

/** The visibility as a condition on a status column and the column of the story's author. */
export function visible(
  { published, drafts }: StoryVisibility,
  status: string,
  author: string,
): RawBuilder<SqlBool> {
  return sql<SqlBool>`case ${sql.ref(status)}
    when 'PUBLISHED' then ${published ? sql`true` : sql`false`}
    else ${draftsCondition(drafts, author)} end`
}

function draftsCondition(drafts: StoryVisibility['drafts'], author: string): RawBuilder<SqlBool> {
  if (drafts === 'all') return sql`true`
  if (drafts === 'none') return sql`false`
  return sql`${sql.ref(author)} = ${drafts.of}`
}
