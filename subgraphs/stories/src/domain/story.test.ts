import { describe, expect, it } from 'vitest'
import type { ActorId } from '@heirloom/tenancy'
import type { LegacyId, RevisionId, StoryId } from './ids.js'
import { revisionOf } from './revision.js'
import { deleted, draft, moved, rewritten, shownTo } from './story.js'

const at = (day: number): Date => new Date(Date.UTC(2025, 0, day))
const story = draft(
  {
    id: 'S' as StoryId,
    legacyId: 'L' as LegacyId,
    authorId: 'ada' as ActorId,
    level: 'TENANT',
  },
  { title: 'A day', body: 'It rained.' },
  at(1),
)

describe('a story', () => {
  it('starts as the first revision of a draft', () => {
    expect(story).toMatchObject({ state: 'DRAFT', revision: 1, publishedAt: null })
    expect(story.createdAt).toEqual(story.updatedAt)
  })

  it('counts every change as a revision', () => {
    const changed = rewritten(story, { body: 'It poured.' }, at(2))
    expect(changed).toMatchObject({ title: 'A day', body: 'It poured.', revision: 2 })
    const made = moved(changed, 'PUBLISHED', null, at(3))
    expect(made).toMatchObject({ state: 'PUBLISHED', revision: 3, publishedAt: at(3) })
    expect(rewritten(made, {}, at(4))).toMatchObject({ publishedAt: at(3), updatedAt: at(4) })
    expect(deleted(made, at(5)).revision).toBe(4)
    expect(story).toMatchObject({ revision: 1, body: 'It rained.' })
  })

  it('is no longer published once it is hidden, with a note', () => {
    const hidden = moved(moved(story, 'PUBLISHED', null, at(2)), 'HIDDEN', 'not ours', at(3))
    expect(hidden).toMatchObject({ state: 'HIDDEN', publishedAt: null, moderationNote: 'not ours' })
    expect(shownTo(hidden, 'LEGACY', at(4))).toMatchObject({ level: 'LEGACY', revision: 4 })
  })

  it('is kept in a revision as the one who changed it left it', () => {
    const changed = rewritten(story, { body: 'It poured.' }, at(2))
    expect(revisionOf(changed, 'R' as RevisionId, 'bob' as ActorId)).toEqual({
      id: 'R',
      storyId: 'S',
      number: 2,
      title: 'A day',
      body: 'It poured.',
      status: 'DRAFT',
      authorId: 'bob',
      createdAt: at(2),
    })
  })
})
