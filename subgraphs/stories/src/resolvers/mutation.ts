import { createLegacy } from '../domain/create-legacy.js'
import { createStory } from '../domain/create-story.js'
import { deleteStory } from '../domain/delete-story.js'
import { publishStory } from '../domain/publish-story.js'
import { updateStory } from '../domain/update-story.js'
import type { GraphQLContext } from '../context.js'
import type { MutationResolvers } from '../generated/resolvers.js'
import { deleteStoryResult, storyResult } from './story-results.js'

export const mutation: MutationResolvers = {
  createLegacy: async (_parent, { input }, context) => ({
    legacy: await written(context, createLegacy(context.scope, input)),
  }),
  createStory: async (_parent, { input }, context) => ({
    story: await written(context, createStory(context.scope, input)),
  }),
  updateStory: async (_parent, { input }, context) =>
    storyResult(await written(context, updateStory(context.scope, input))),
  publishStory: async (_parent, { input }, context) =>
    storyResult(await written(context, publishStory(context.scope, input))),
  deleteStory: async (_parent, { input }, context) =>
    deleteStoryResult(await written(context, deleteStory(context.scope, input))),
}

/** Nothing that was read before a mutation is shown after it. */
async function written<T>({ loaders }: GraphQLContext, change: Promise<T>): Promise<T> {
  const outcome = await change
  loaders.forget()
  return outcome
}
