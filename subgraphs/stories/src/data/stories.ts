import { sql, type Kysely, type Selectable } from 'kysely'
import type { TenantContext } from '@heirloom/tenancy'
import type { Page } from '../domain/page.js'
import type { StoryFilter, StoryReads, StoryWrites } from '../domain/ports.js'
import type { StoryId } from '../domain/ids.js'
import { statusOf, type Moderation, type Story } from '../domain/story.js'
import type { StoriesDatabase, StoryTable } from './schema.js'
import type { InTransaction, StoriesTransaction } from './transactions.js'
import { isState, storyColumns, visibleTo, type VisibleRows } from './visible.js'

export function storyReads(inTransaction: InTransaction): StoryReads {
  return {
    byIds: async (ids, visibility) => {
      if (ids.length === 0) return []
      const rows = await inTransaction((trx) =>
        living(trx, visibleTo(visibility))
          .selectAll('story')
          .where('story_id', 'in', ids)
          .execute(),
      )
      return rows.map(toStory)
    },

    page: async (page, filter, visibility) => {
      const rows = await inTransaction((trx) =>
        pageOf(trx, page, filter, visibleTo(visibility)).selectAll('story').execute(),
      )
      return rows.map(toStory)
    },

    pageOfEach: async (legacies, page, filter, visibility) => {
      if (legacies.length === 0) return []
      const rows = await inTransaction((trx) =>
        trx
          .selectFrom('legacy')
          .innerJoinLateral(
            () =>
              pageOf(trx, page, filter, visibleTo(visibility))
                .selectAll('story')
                .whereRef('story.legacy_id', '=', sql.ref('legacy.legacy_id'))
                .as('found'),
            (join) => join.onTrue(),
          )
          .selectAll('found')
          .where('legacy.legacy_id', 'in', legacies)
          .orderBy('found.legacy_id')
          .orderBy('found.story_id')
          .execute(),
      )
      return rows.map(toStory)
    },
  }
}

export function storyWrites(trx: StoriesTransaction, { tenantId }: TenantContext): StoryWrites {
  const save = async (story: Story, deletedAt: Date | null): Promise<void> => {
    await trx
      .updateTable('story')
      .set({ ...changingColumns(story), deleted_at: deletedAt })
      .where('story_id', '=', story.id)
      .execute()
  }
  return {
    lock: async (id, visibility) => {
      const row = await living(trx, visibleTo(visibility))
        .selectAll('story')
        .where('story_id', '=', id)
        .forUpdate()
        .executeTakeFirst()
      return row === undefined ? null : toStory(row)
    },

    insert: async (story) => {
      await trx
        .insertInto('story')
        .values({
          tenant_id: tenantId,
          story_id: story.id,
          legacy_id: story.legacyId,
          author_id: story.authorId,
          created_at: story.createdAt,
          deleted_at: null,
          ...changingColumns(story),
        })
        .execute()
    },

    save: (story) => save(story, null),
    bury: (story) => save(story, story.updatedAt),
  }
}

/** The stories that are not deleted and that the reader may see. */
function living(trx: Kysely<StoriesDatabase>, visible: VisibleRows) {
  return trx.selectFrom('story').where('story.deleted_at', 'is', null).where(visible(storyColumns))
}

function pageOf(
  trx: Kysely<StoriesDatabase>,
  { limit, after }: Page<StoryId>,
  { legacyId, status, state, authorId, createdAfter, createdBefore }: StoryFilter,
  visible: VisibleRows,
) {
  let query = living(trx, visible)
  if (after !== undefined) query = query.where('story.story_id', '>', after)
  if (legacyId !== undefined) query = query.where('story.legacy_id', '=', legacyId)
  if (status !== undefined) query = query.where('story.status', '=', status)
  if (state !== undefined) query = query.where(isState(storyColumns, [state]))
  if (authorId !== undefined) query = query.where('story.author_id', '=', authorId)
  if (createdAfter !== undefined) query = query.where('story.created_at', '>', createdAfter)
  if (createdBefore !== undefined) query = query.where('story.created_at', '<', createdBefore)
  return query.orderBy('story.story_id').limit(limit)
}

function changingColumns(story: Story) {
  return {
    title: story.title,
    body: story.body,
    status: statusOf(story.state),
    moderation: moderationOf(story),
    moderation_note: story.moderationNote,
    level: story.level,
    revision: story.revision,
    updated_at: story.updatedAt,
    published_at: story.publishedAt,
  }
}

function moderationOf({ state }: Story): Moderation | null {
  return state === 'DRAFT' || state === 'PUBLISHED' ? null : state
}

function toStory(row: Selectable<StoryTable>): Story {
  return {
    id: row.story_id,
    legacyId: row.legacy_id,
    title: row.title,
    body: row.body,
    state: row.status === 'PUBLISHED' ? row.status : (row.moderation ?? 'DRAFT'),
    level: row.level,
    moderationNote: row.moderation_note,
    revision: row.revision,
    authorId: row.author_id,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    publishedAt: row.published_at,
  }
}
