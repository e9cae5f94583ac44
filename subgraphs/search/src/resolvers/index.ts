import { scalars } from '@heirloom/subgraph'
import type { Resolvers } from '../generated/resolvers.js'
import { query } from './query.js'
import { storyHit } from './story-hit.js'

export const resolvers: Resolvers = {
  DateTime: scalars.DateTime,
  Query: query,
  StoryHit: storyHit,
}
