import { sql, type RawBuilder, type SqlBool } from 'kysely'
import type { ActorId } from '@heirloom/tenancy'
import type { StoryVisibility } from '../domain/visibility.js'

/** A condition on a column that holds a status, and the column of the story's author. */
export type VisibleRows = (status: string, author: string) => RawBuilder<SqlBool>

export function visibleTo(reader: ActorId, visibility: StoryVisibility): VisibleRows {
  return (status, author) => {
    const isPublished = sql<SqlBool>`${sql.ref(status)} = 'PUBLISHED'`
    switch (visibility) {
      case 'all':
        return sql`true`
      case 'published-and-own':
        return sql`(${isPublished} or ${sql.ref(author)} = ${reader})`
      case 'published':
        return isPublished
      case 'none':
        return sql`false`
    }
  }
}
