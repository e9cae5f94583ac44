import type { NewEvent } from '@heirloom/events'
import type { Legacy } from './legacy.js'
import type { Story } from './story.js'

export function legacyCreated(legacy: Legacy): NewEvent {
  return {
    type: 'LegacyCreated',
    version: 1,
    resource: { kind: 'Legacy', id: legacy.id },
    payload: { legacy_id: legacy.id, title: legacy.title, slug: legacy.slug },
  }
}

export const storyCreated = (story: Story): NewEvent => storyEvent('StoryCreated', story)
export const storyUpdated = (story: Story): NewEvent => storyEvent('StoryUpdated', story)
export const storyPublished = (story: Story): NewEvent => storyEvent('StoryPublished', story)

export function storyDeleted(story: Story): NewEvent {
  return {
    type: 'StoryDeleted',
    version: 1,
    resource: { kind: 'Story', id: story.id },
    payload: { legacy_id: story.legacyId, story_id: story.id, revision: story.revision },
  }
}

/** Carries the whole story, so that a consumer never has to ask back. */
function storyEvent(type: string, story: Story): NewEvent {
  return {
    type,
    version: 1,
    resource: { kind: 'Story', id: story.id },
    payload: {
      legacy_id: story.legacyId,
      story_id: story.id,
      revision: story.revision,
      title: story.title,
      body: story.body,
      status: story.status,
      author_id: story.authorId,
    },
  }
}
