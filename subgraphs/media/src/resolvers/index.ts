import { scalars } from '@heirloom/subgraph'
import type { Resolvers } from '../generated/resolvers.js'
import { mediaAssetResolvers } from './media-asset.js'
import { mutationResolvers } from './mutation.js'
import { queryResolvers } from './query.js'
import { storyResolvers } from './story.js'

export const resolvers: Resolvers = {
  DateTime: scalars.DateTime,
  Query: queryResolvers,
  Mutation: mutationResolvers,
  MediaAsset: mediaAssetResolvers,
  Story: storyResolvers,
}
