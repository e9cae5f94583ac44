import type { ChangedStory, StaleStory } from '../domain/change-story.js'
import type { DeletedStory } from '../domain/delete-story.js'
import type { Story } from '../domain/story.js'
import type {
  DeleteStoryResultResolvers,
  MoveStoryResultResolvers,
  PublishStoryResultResolvers,
  SetStoryLevelResultResolvers,
  UpdateStoryResultResolvers,
} from '../generated/resolvers.js'

interface StaleRevision {
  readonly code: 'STALE_REVISION'
  readonly message: string
  readonly expectedRevision: number
  readonly current: Story
}

export function storyResult(outcome: ChangedStory | StaleStory): { story: Story } | StaleRevision {
  return outcome.kind === 'stale' ? staleRevision(outcome) : { story: outcome.story }
}

export function deleteStoryResult(
  outcome: DeletedStory | StaleStory,
): { deletedStoryId: string } | StaleRevision {
  return outcome.kind === 'stale' ? staleRevision(outcome) : { deletedStoryId: outcome.id }
}

function staleRevision({ expectedRevision, current }: StaleStory): StaleRevision {
  return {
    code: 'STALE_REVISION',
    message: `the story is at revision ${current.revision}, not at ${expectedRevision}; nothing was written`,
    expectedRevision,
    current,
  }
}

export const updateStoryResult: UpdateStoryResultResolvers = {
  __resolveType: (result) => ('story' in result ? 'UpdateStoryPayload' : 'StaleRevision'),
}

export const publishStoryResult: PublishStoryResultResolvers = {
  __resolveType: (result) => ('story' in result ? 'PublishStoryPayload' : 'StaleRevision'),
}

export const moveStoryResult: MoveStoryResultResolvers = {
  __resolveType: (result) => ('story' in result ? 'MoveStoryPayload' : 'StaleRevision'),
}

export const setStoryLevelResult: SetStoryLevelResultResolvers = {
  __resolveType: (result) => ('story' in result ? 'SetStoryLevelPayload' : 'StaleRevision'),
}

export const deleteStoryResultType: DeleteStoryResultResolvers = {
  __resolveType: (result) => ('deletedStoryId' in result ? 'DeleteStoryPayload' : 'StaleRevision'),
}
