import { AppError } from '@heirloom/errors'
import { idsAmong, isId, type PersonId, type StoryId } from './ids.js'
import type { Person, StoryRef } from './person.js'
import type { Writing } from './writing.js'

export interface LinkPersonToStoryInput {
  readonly personId: string
  readonly storyId: string
}

/**
 * Linking twice changes nothing.
 * @throws AppError FORBIDDEN, NOT_FOUND (person, story or legacy)
 */
export async function linkPersonToStory(
  writing: Writing,
  { personId, storyId }: LinkPersonToStoryInput,
): Promise<{ readonly person: Person; readonly story: StoryRef }> {
  writing.requireWrite()
  if (!isId<StoryId>(storyId)) {
    throw new AppError('NOT_FOUND', `there is no Story with the id "${storyId}"`)
  }
  const [person] = await writing.graph.people(idsAmong<PersonId>([personId]))
  if (person === undefined) {
    throw new AppError('NOT_FOUND', `there is no Person with the id "${personId}"`)
  }
  await Promise.all([
    writing.stories.requireStory(storyId),
    writing.stories.requireLegacy(person.legacyId),
  ])
  await writing.graph.change(async (writer) => {
    if (!(await writer.linkStory(person, storyId))) return
    await writer.announce([
      {
        type: 'PersonLinkedToStory',
        version: 1,
        resource: { kind: 'Person', id: person.id },
        payload: { legacy_id: person.legacyId, story_id: storyId, person_id: person.id },
      },
    ])
  })
  return { person, story: { id: storyId } }
}
