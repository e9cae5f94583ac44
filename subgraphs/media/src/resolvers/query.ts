import { connection, decodeCursor, pageSize } from '@heirloom/subgraph'
import { readable } from '../domain/media.js'
import type { QueryResolvers } from '../generated/resolvers.js'

export const queryResolvers: QueryResolvers = {
  mediaAsset: (_parent, { id }, { assets }) => assets.load(id),
  mediaAssets: async (_parent, args, { media }) => {
    const first = pageSize(args)
    const after = decodeCursor(args.after)
    const legacyId = args.legacyId ?? null
    const rows = await media.store.page({ legacyId, after, limit: first + 1 })
    return connection(readable(media, rows), first, (asset) => asset.id)
  },
}
