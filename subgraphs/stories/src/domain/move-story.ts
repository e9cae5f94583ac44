import type { Action, StoryLevel, StoryState } from '@heirloom/authz'
import { AppError } from '@heirloom/errors'
import {
  changeStory,
  saveRevision,
  storyAfter,
  type ChangedStory,
  type ChangeRequest,
  type StaleStory,
} from './change-story.js'
import { storyPublished, storyUpdated } from './events.js'
import type { Scope } from './scope.js'
import { moved, shownTo } from './story.js'
import { note } from './text.js'

/** From where a story gets into each state, and what its mover must be allowed to do. */
const moves: Readonly<
  Record<
    StoryState,
    { readonly from: readonly StoryState[]; readonly action: Action & `story:${string}` }
  >
> = {
  IN_REVIEW: { from: ['DRAFT', 'REJECTED'], action: 'story:submit' },
  DRAFT: { from: ['IN_REVIEW', 'REJECTED', 'HIDDEN'], action: 'story:submit' },
  PUBLISHED: { from: ['DRAFT', 'IN_REVIEW', 'REJECTED', 'HIDDEN'], action: 'story:publish' },
  REJECTED: { from: ['IN_REVIEW'], action: 'story:moderate' },
  HIDDEN: { from: ['DRAFT', 'IN_REVIEW', 'REJECTED', 'PUBLISHED'], action: 'story:moderate' },
}

export interface MoveStory extends ChangeRequest {
  readonly to: StoryState
  readonly note?: string | null | undefined
}

/**
 * Moves a story between its author and its readers. Moving it to where it is changes nothing.
 * @throws AppError NOT_FOUND, FORBIDDEN, INVALID_INPUT, CONFLICT for a move that there is not
 */
export async function moveStory(
  scope: Scope,
  { to, ...input }: MoveStory,
): Promise<ChangedStory | StaleStory> {
  const said = typeof input.note === 'string' ? note(input.note) : null
  const { from, action } = moves[to]
  return changeStory(scope, input, {
    action,
    input: { to, note: said },
    apply: async (story, changes) => {
      if (story.state === to) return
      if (!from.includes(story.state)) {
        throw new AppError('CONFLICT', `a story that is ${story.state} cannot become ${to}`, {
          details: { from: story.state, to },
        })
      }
      const changed = moved(story, to, said, scope.now())
      await saveRevision(scope, changed, changes)
      await changes.announce(to === 'PUBLISHED' ? storyPublished(changed) : storyUpdated(changed))
    },
    outcome: storyAfter(scope),
  })
}

export interface SetStoryLevel extends ChangeRequest {
  readonly level: StoryLevel
}

/**
 * Says who reads the story once it is published.
 * @throws AppError NOT_FOUND, FORBIDDEN
 */
export async function setStoryLevel(
  scope: Scope,
  { level, ...input }: SetStoryLevel,
): Promise<ChangedStory | StaleStory> {
  return changeStory(scope, input, {
    action: 'story:share',
    input: { level },
    apply: async (story, changes) => {
      if (story.level === level) return
      const changed = shownTo(story, level, scope.now())
      await saveRevision(scope, changed, changes)
      await changes.announce(storyUpdated(changed))
    },
    outcome: storyAfter(scope),
  })
}
