import type { StoryHitResolvers } from '../generated/resolvers.js'

export const storyHit: StoryHitResolvers = {
  story: ({ storyId }) => ({ id: storyId }),
}
