import { AppError } from '@heirloom/errors'
import {
  changeStory,
  saveRevision,
  storyAfter,
  type ChangedStory,
  type ChangeRequest,
  type StaleStory,
} from './change-story.js'
import { storyUpdated } from './events.js'
import type { Scope } from './scope.js'
import { rewritten, type StoryText } from './story.js'
import { body, title } from './text.js'

export interface UpdateStory extends ChangeRequest {
  readonly title?: string | null | undefined
  readonly body?: string | null | undefined
}

/**
 * Writes a new revision; what is not given stays as it is.
 * @throws AppError NOT_FOUND, FORBIDDEN, INVALID_INPUT, PAYLOAD_TOO_LARGE
 */
export async function updateStory(
  scope: Scope,
  input: UpdateStory,
): Promise<ChangedStory | StaleStory> {
  const text = givenText(input)
  return changeStory(scope, input, {
    action: 'story:update',
    input: text,
    apply: async (story, changes) => {
      const changed = rewritten(story, text, scope.now())
      await saveRevision(scope, changed, changes)
      await changes.announce(storyUpdated(changed))
    },
    outcome: storyAfter(scope),
  })
}

function givenText(input: UpdateStory): Partial<StoryText> {
  const text = {
    ...(typeof input.title === 'string' ? { title: title(input.title) } : {}),
    ...(typeof input.body === 'string' ? { body: body(input.body) } : {}),
  }
  if (Object.keys(text).length > 0) return text
  throw new AppError('INVALID_INPUT', 'give a title, a body, or both')
}
