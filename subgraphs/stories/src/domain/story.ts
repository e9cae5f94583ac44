import type { StoryLevel, StoryState } from '@heirloom/authz'
import type { ActorId } from '@heirloom/tenancy'
import type { LegacyId, StoryId } from './ids.js'

export type StoryStatus = 'DRAFT' | 'PUBLISHED'
/** Where a story stands that is not published, and no plain draft. */
export type Moderation = Exclude<StoryState, StoryStatus>

/** A story as it reads now. */
export interface Story {
  readonly id: StoryId
  readonly legacyId: LegacyId
  readonly title: string
  readonly body: string
  readonly state: StoryState
  /** Who reads it once it is published. */
  readonly level: StoryLevel
  /** What a moderator said about it last. */
  readonly moderationNote: string | null
  /** Counts every change from 1. What a client read is still current as long as this is. */
  readonly revision: number
  readonly authorId: ActorId
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly publishedAt: Date | null
}

export interface StoryText {
  readonly title: string
  readonly body: string
}

/** Published or not: all that those know of states who came before there were others. */
export function statusOf(state: StoryState): StoryStatus {
  return state === 'PUBLISHED' ? 'PUBLISHED' : 'DRAFT'
}

export function draft(
  identity: Pick<Story, 'id' | 'legacyId' | 'authorId' | 'level'>,
  text: StoryText,
  now: Date,
): Story {
  return {
    ...identity,
    ...text,
    state: 'DRAFT',
    moderationNote: null,
    revision: 1,
    createdAt: now,
    updatedAt: now,
    publishedAt: null,
  }
}

export function rewritten(story: Story, text: Partial<StoryText>, now: Date): Story {
  return { ...story, ...text, revision: story.revision + 1, updatedAt: now }
}

/** The story in another state. Every move is a change, and has a revision. */
export function moved(story: Story, state: StoryState, note: string | null, now: Date): Story {
  return {
    ...story,
    state,
    moderationNote: note,
    revision: story.revision + 1,
    updatedAt: now,
    publishedAt: state === 'PUBLISHED' ? now : null,
  }
}

export function shownTo(story: Story, level: StoryLevel, now: Date): Story {
  return { ...story, level, revision: story.revision + 1, updatedAt: now }
}

/** The deletion counts as a change too, so that no reader of events takes it for an older one. */
export function deleted(story: Story, now: Date): Story {
  return { ...story, revision: story.revision + 1, updatedAt: now }
}
