import { sql, type Kysely, type Selectable } from 'kysely'
import type { TenantId } from '@heirloom/tenancy'
import type { Page } from '../domain/page.js'
import type { RevisionReads, RevisionWrites } from '../domain/ports.js'
import type { Revision } from '../domain/revision.js'
import type { RevisionTable, StoriesDatabase } from './schema.js'
import type { InTransaction, StoriesTransaction } from './transactions.js'
import { storyColumns, visibleTo, type VisibleRows } from './visible.js'

export function revisionReads(inTransaction: InTransaction): RevisionReads {
  return {
    byIds: async (ids, visibility) => {
      if (ids.length === 0) return []
      const rows = await inTransaction((trx) =>
        ofLivingStories(trx, visibleTo(visibility))
          .selectAll('revision')
          .where('revision.revision_id', 'in', ids)
          .execute(),
      )
      return rows.map(toRevision)
    },

    pageOfEach: async (stories, page, visibility) => {
      if (stories.length === 0) return []
      const rows = await inTransaction((trx) =>
        trx
          .selectFrom('story as parent')
          .innerJoinLateral(
            () =>
              pageOf(trx, page, visibleTo(visibility))
                .selectAll('revision')
                .whereRef('revision.story_id', '=', sql.ref('parent.story_id'))
                .as('found'),
            (join) => join.onTrue(),
          )
          .selectAll('found')
          .where('parent.story_id', 'in', stories)
          .orderBy('found.story_id')
          .orderBy('found.number')
          .execute(),
      )
      return rows.map(toRevision)
    },
  }
}

export function revisionWrites(trx: StoriesTransaction, tenantId: TenantId): RevisionWrites {
  return {
    append: async (revision) => {
      await trx
        .insertInto('revision')
        .values({
          tenant_id: tenantId,
          revision_id: revision.id,
          story_id: revision.storyId,
          number: revision.number,
          title: revision.title,
          body: revision.body,
          status: revision.status,
          author_id: revision.authorId,
          created_at: revision.createdAt,
        })
        .execute()
    },
  }
}

/** A revision is as visible as a story of its status by the story's author. */
function ofLivingStories(trx: Kysely<StoriesDatabase>, visible: VisibleRows) {
  return trx
    .selectFrom('revision')
    .innerJoin('story', 'story.story_id', 'revision.story_id')
    .where('story.deleted_at', 'is', null)
    .where(visible(storyColumns))
    .where(visible({ ...storyColumns, status: 'revision.status', moderation: null }))
}

function pageOf(
  trx: Kysely<StoriesDatabase>,
  { limit, after }: Page<number>,
  visible: VisibleRows,
) {
  let query = ofLivingStories(trx, visible)
  if (after !== undefined) query = query.where('revision.number', '>', after)
  return query.orderBy('revision.number').limit(limit)
}

function toRevision(row: Selectable<RevisionTable>): Revision {
  return {
    id: row.revision_id,
    storyId: row.story_id,
    number: row.number,
    title: row.title,
    body: row.body,
    status: row.status,
    authorId: row.author_id,
    createdAt: row.created_at,
  }
}
