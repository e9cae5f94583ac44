import {
  changeStory,
  saveRevision,
  storyAfter,
  type ChangedStory,
  type ChangeRequest,
  type StaleStory,
} from './change-story.js'
import { storyPublished } from './events.js'
import type { Scope } from './scope.js'
import { published } from './story.js'

/**
 * Lets every reader of the tenant see the story. It is a change like any other: it has a
 * revision, so that somebody who edits the draft meanwhile learns of it. Publishing what is
 * published changes nothing.
 * @throws AppError NOT_FOUND, FORBIDDEN
 */
export async function publishStory(
  scope: Scope,
  input: ChangeRequest,
): Promise<ChangedStory | StaleStory> {
  return changeStory(scope, input, {
    action: 'story:publish',
    apply: async (story, changes) => {
      if (story.status === 'PUBLISHED') return
      const changed = published(story, scope.now())
      await saveRevision(scope, changed, changes)
      await changes.announce(storyPublished(changed))
    },
    outcome: storyAfter(scope),
  })
}
