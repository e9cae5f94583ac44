import { changeStory, type ChangeRequest, type StaleStory } from './change-story.js'
import { storyDeleted } from './events.js'
import type { StoryId } from './ids.js'
import type { Scope } from './scope.js'
import { deleted } from './story.js'

export interface DeletedStory {
  readonly kind: 'deleted'
  readonly id: StoryId
}

/**
 * Leaves a tombstone: nobody reads the story or its revisions again.
 * @throws AppError NOT_FOUND, FORBIDDEN
 */
export async function deleteStory(
  scope: Scope,
  input: ChangeRequest,
): Promise<DeletedStory | StaleStory> {
  return changeStory<DeletedStory>(scope, input, {
    action: 'story:delete',
    apply: async (story, changes) => {
      const gone = deleted(story, scope.now())
      await changes.stories.bury(gone)
      await changes.announce(storyDeleted(gone))
    },
    outcome: async (id) => ({ kind: 'deleted', id }),
  })
}
