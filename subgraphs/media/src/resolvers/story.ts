import type { StoryResolvers } from '../generated/resolvers.js'

export const storyResolvers: StoryResolvers = {
  // The stories subgraph decides who reads the story; a story without media has an empty list.
  __resolveReference: ({ id }) => ({ id }),
  media: ({ id }, _args, { assetsOfStory }) => assetsOfStory.load(id),
}
