import { sql, type RawBuilder, type SqlBool } from 'kysely'
import type { StoryVisibility } from '@heirloom/authz'
import type { ActorId } from '@heirloom/tenancy'

/** A condition on a column that holds a status, and the column of the story's author. */
export type VisibleRows = (status: string, author: string) => RawBuilder<SqlBool>

export function visibleTo(reader: ActorId, visibility: StoryVisibility): VisibleRows {
  return (status, author) => {
    const isPublished = sql<SqlBool>`${sql.ref(status)} = 'PUBLISHED'`
    const conditions: Readonly<Record<StoryVisibility, RawBuilder<SqlBool>>> = {
      all: sql`true`,
      'published-and-own': sql`(${isPublished} or ${sql.ref(author)} = ${reader})`,
      published: isPublished,
      none: sql`false`,
    }
    return conditions[visibility]
  }
}
