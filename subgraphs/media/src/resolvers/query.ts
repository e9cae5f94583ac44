import { AppError } from '@heirloom/errors'
import { connection, decodeCursor, pageSize } from '@heirloom/subgraph'
import { readable } from '../domain/media.js'
import { legacyId, mediaId, type MediaId } from '../domain/media-asset.js'
import type { QueryResolvers } from '../generated/resolvers.js'

export const queryResolvers: QueryResolvers = {
  audit: () => ({}),
  mediaAsset: (_parent, { id }, { assets }) => assets.load(id),
  mediaAssets: async (_parent, args, { media }) => {
    const first = pageSize(args)
    const after = positionOf(args.after)
    const narrowed = typeof args.legacyId === 'string'
    const legacy = narrowed ? legacyId(args.legacyId ?? '') : null
    const unknown = narrowed && legacy === null
    const rows = unknown
      ? []
      : await media.store.page({ legacyId: legacy, after, limit: first + 1 })
    const page = connection(rows, first, (asset) => asset.id)
    // Filtered after the page was cut, so that what is left out does not end the list.
    const seen = new Set(await readable(media, page.nodes))
    return {
      ...page,
      edges: page.edges.filter(({ node }) => seen.has(node)),
      nodes: page.nodes.filter((node) => seen.has(node)),
    }
  },
}

function positionOf(cursor: string | null | undefined): MediaId | undefined {
  const text = decodeCursor(cursor)
  if (text === undefined) return undefined
  const position = mediaId(text)
  if (position !== null) return position
  throw new AppError('CURSOR_INVALID', 'this cursor is not one of ours; start without "after"')
}
