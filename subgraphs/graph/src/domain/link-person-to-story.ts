import { AppError } from '@heirloom/errors'
import { idsAmong, personId, storyId } from './ids.js'
import type { Person, StoryRef } from './person.js'
import type { Writing } from './writing.js'

export interface LinkPersonToStoryInput {
  readonly personId: string
  readonly storyId: string
}

/**
 * Linking twice changes nothing. A person and a story of two legacies are not linked: the link would
 * show up on the timeline of the one, and be hidden or shown by the rights on the other.
 * @throws AppError FORBIDDEN, NOT_FOUND (person, story or legacy), INVALID_INPUT for two legacies
 */
export async function linkPersonToStory(
  { graph, stories, ...may }: Writing,
  input: LinkPersonToStoryInput,
): Promise<{ readonly person: Person; readonly story: StoryRef }> {
  const story = storyId(input.storyId)
  if (story === null) {
    throw new AppError('NOT_FOUND', `there is no Story with the id "${input.storyId.slice(0, 64)}"`)
  }
  const [person] = await graph.people(idsAmong([input.personId], personId))
  if (person === undefined) {
    throw new AppError(
      'NOT_FOUND',
      `there is no Person with the id "${input.personId.slice(0, 64)}"`,
    )
  }
  may.requireWrite(person.legacyId)
  const [legacyId] = await Promise.all([
    stories.legacyOfStory(story),
    stories.requireLegacy(person.legacyId),
  ])
  if (legacyId !== person.legacyId) {
    throw new AppError('INVALID_INPUT', 'the story belongs to another legacy than the person')
  }
  await graph.change(async (writer) => {
    if (!(await writer.linkStory(person, story))) return
    await writer.announce([
      {
        type: 'PersonLinkedToStory',
        version: 1,
        resource: { kind: 'Person', id: person.id },
        payload: { legacy_id: person.legacyId, story_id: story, person_id: person.id },
      },
    ])
  })
  return { person, story: { id: story } }
}
