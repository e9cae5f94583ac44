import type { ActorId } from '@heirloom/tenancy'
import type { LegacyId, StoryId } from './ids.js'

export type StoryStatus = 'DRAFT' | 'PUBLISHED'

/** A story as it reads now. */
export interface Story {
  readonly id: StoryId
  readonly legacyId: LegacyId
  readonly title: string
  readonly body: string
  readonly status: StoryStatus
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

export function draft(
  identity: Pick<Story, 'id' | 'legacyId' | 'authorId'>,
  text: StoryText,
  now: Date,
): Story {
  return {
    ...identity,
    ...text,
    status: 'DRAFT',
    revision: 1,
    createdAt: now,
    updatedAt: now,
    publishedAt: null,
  }
}

export function rewritten(story: Story, text: Partial<StoryText>, now: Date): Story {
  return { ...story, ...text, revision: story.revision + 1, updatedAt: now }
}

export function published(story: Story, now: Date): Story {
  return {
    ...story,
    status: 'PUBLISHED',
    revision: story.revision + 1,
    updatedAt: now,
    publishedAt: now,
  }
}

/** The deletion counts as a change too, so that no reader of events takes it for an older one. */
export function deleted(story: Story, now: Date): Story {
  return { ...story, revision: story.revision + 1, updatedAt: now }
}
