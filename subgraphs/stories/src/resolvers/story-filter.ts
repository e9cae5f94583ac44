import { legacyId, userId } from '../domain/ids.js'
import type { StoryFilter } from '../domain/ports.js'
import type { StoryFilter as StoryFilterInput } from '../generated/resolvers.js'

/** Null when the filter names an id that is none: no story can match it. */
export function storyFilter(input: StoryFilterInput | null | undefined): StoryFilter | null {
  const legacy = given(input?.legacyId, legacyId)
  const author = given(input?.authorId, userId)
  if (legacy === null || author === null) return null
  return {
    ...(legacy === undefined ? {} : { legacyId: legacy }),
    ...(author === undefined ? {} : { authorId: author }),
    ...(input?.status ? { status: input.status } : {}),
    ...(input?.state ? { state: input.state } : {}),
    ...(input?.createdAfter ? { createdAfter: input.createdAfter } : {}),
    ...(input?.createdBefore ? { createdBefore: input.createdBefore } : {}),
  }
}

function given<Id>(
  text: string | null | undefined,
  parse: (text: string) => Id | null,
): Id | null | undefined {
  return text === null || text === undefined ? undefined : parse(text)
}
