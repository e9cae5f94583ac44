import { statusOf } from '../domain/story.js'
import type { StoryResolvers } from '../generated/resolvers.js'
import { connectionOf, pageOf, revisionNumber } from './paging.js'
import { required } from './required.js'

export const story: StoryResolvers = {
  __resolveReference: ({ id }, { loaders }) => loaders.stories.load(id),

  status: ({ state }) => statusOf(state),

  legacy: async ({ legacyId }, _args, { loaders }) =>
    required(await loaders.legacies.load(legacyId), 'Legacy', legacyId),

  author: async ({ authorId }, _args, { loaders }) =>
    required(await loaders.users.load(authorId), 'User', authorId),

  revisions: async ({ id }, args, { loaders }) => {
    const page = pageOf(args, revisionNumber)
    const revisions = await loaders.revisionsOfStory(page).load(id)
    return connectionOf(revisions, page, (revision) => String(revision.number))
  },
}
