import { completeUpload, linkMediaToStory, requestUpload } from '../domain/media.js'
import type { MutationResolvers } from '../generated/resolvers.js'

export const mutationResolvers: MutationResolvers = {
  requestUpload: (_parent, { input }, { media }) => requestUpload(media, input),
  completeUpload: async (_parent, { input }, { media }) => ({
    mediaAsset: await completeUpload(media, input.id),
  }),
  linkMediaToStory: async (_parent, { input }, { media }) => ({
    mediaAsset: await linkMediaToStory(media, input.mediaId, input.storyId),
  }),
}
