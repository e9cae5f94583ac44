import { downloadUrl } from '../domain/media.js'
import type { MediaAssetResolvers } from '../generated/resolvers.js'

export const mediaAssetResolvers: MediaAssetResolvers = {
  __resolveReference: ({ id }, { assets }) => assets.load(id),
  legacy: ({ legacyId }) => ({ id: legacyId }),
  story: ({ storyId }) => (storyId === null ? null : { id: storyId }),
  size: ({ sizeBytes }) => sizeBytes,
  url: (asset, _args, { media }) => downloadUrl(media, asset),
}
