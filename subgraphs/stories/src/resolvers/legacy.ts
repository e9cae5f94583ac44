import { storyId } from '../domain/ids.js'
import type { LegacyResolvers } from '../generated/resolvers.js'
import { connectionOf, pageOf } from './paging.js'
import { storyFilter } from './story-filter.js'

export const legacy: LegacyResolvers = {
  __resolveReference: ({ id }, { loaders }) => loaders.legacies.load(id),

  stories: async ({ id }, args, { loaders }) => {
    const page = pageOf(args, storyId)
    const filter = storyFilter(args.filter)
    const stories = filter === null ? [] : await loaders.storiesOfLegacy(page, filter).load(id)
    return connectionOf(stories, page, (story) => story.id)
  },
}
