import type { StoryResolvers } from '../generated/resolvers.js'

export const story: StoryResolvers = {
  people: ({ id }, _args, { loaders }) => loaders.peopleOfStory.load(id),
}
