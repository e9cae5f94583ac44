import type { ActorId } from '@heirloom/tenancy'
import type { RevisionId, StoryId } from './ids.js'
import { statusOf, type Story, type StoryStatus } from './story.js'

/** One state of a story. */
export interface Revision {
  readonly id: RevisionId
  readonly storyId: StoryId
  readonly number: number
  readonly title: string
  readonly body: string
  readonly status: StoryStatus
  /** Who made this state, who need not be the story's author. */
  readonly authorId: ActorId
  readonly createdAt: Date
}

/** The state of `story` as `authorId` just left it. */
export function revisionOf(story: Story, id: RevisionId, authorId: ActorId): Revision {
  return {
    id,
    storyId: story.id,
    number: story.revision,
    title: story.title,
    body: story.body,
    status: statusOf(story.state),
    authorId,
    createdAt: story.updatedAt,
  }
}
