import type { DomainEvent, EventPayload } from '@heirloom/events'
import type { SearchAdapter, StoryDoc } from './ports.js'

/** The events that change the index; the indexer's queue needs no others. */
export const storyEventTypes = [
  'StoryCreated',
  'StoryUpdated',
  'StoryPublished',
  'StoryDeleted',
] as const

/** What the schemas of these events promise; the consumer has checked it. */
interface StoryPayload extends EventPayload {
  readonly legacy_id: string
  readonly story_id: string
  readonly revision: number
}

interface FullStoryPayload extends StoryPayload {
  readonly title: string
  readonly body: string
  readonly status: 'DRAFT' | 'PUBLISHED'
  /** Not given by those who knew no other states and levels. */
  readonly state?: StoryDoc['state']
  readonly level?: StoryDoc['level']
  readonly author_id: string
}

/** Brings the index up to date with one event; other types than the above change nothing. */
export async function applyStoryEvent(index: SearchAdapter, event: DomainEvent): Promise<void> {
  switch (event.type) {
    case 'StoryCreated':
    case 'StoryUpdated':
    case 'StoryPublished':
      return index.indexStory(storyOf(event.payload as FullStoryPayload))
    case 'StoryDeleted': {
      const { story_id, legacy_id, revision } = event.payload as StoryPayload
      return index.removeStory({ storyId: story_id, legacyId: legacy_id, revision })
    }
    default:
  }
}

function storyOf(payload: FullStoryPayload): StoryDoc {
  return {
    storyId: payload.story_id,
    legacyId: payload.legacy_id,
    revision: payload.revision,
    authorId: payload.author_id,
    state: payload.state ?? payload.status,
    level: payload.level ?? 'TENANT',
    title: payload.title,
    body: payload.body,
  }
}
