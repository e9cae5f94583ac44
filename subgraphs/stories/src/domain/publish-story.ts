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
import { moved } from './story.js'

/**
 * Lets those see the story whom its level names, every member of the tenant for example. It is a change like any other: it has a
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
      if (story.state === 'PUBLISHED') return
      const changed = moved(story, 'PUBLISHED', null, scope.now())
      await saveRevision(scope, changed, changes)
      await changes.announce(storyPublished(changed))
    },
    outcome: storyAfter(scope),
  })
}
