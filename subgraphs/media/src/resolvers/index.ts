import { scalars } from '@heirloom/subgraph'
import type { Resolvers } from '../generated/resolvers.js'
import { auditLog } from './audit-log.js'
import { mediaAssetResolvers } from './media-asset.js'
import { mutationResolvers } from './mutation.js'
import { queryResolvers } from './query.js'
import { storyResolvers } from './story.js'

export const resolvers: Resolvers = {
  DateTime: scalars.DateTime,
  Query: queryResolvers,
  Mutation: mutationResolvers,
  AuditLog: auditLog,
  MediaAsset: mediaAssetResolvers,
  Story: storyResolvers,
}
