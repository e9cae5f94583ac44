import { connection, pageSize } from '@heirloom/subgraph'
import { searchStories } from '../domain/search-stories.js'
import type { QueryResolvers } from '../generated/resolvers.js'
import { positionOf, positionText } from './position.js'

export const query: QueryResolvers = {
  searchStories: async (_parent, args, { scope }) => {
    const first = pageSize(args)
    const after = positionOf(args.after)
    const { hits, totalCount } = await searchStories(scope, {
      text: args.query,
      first,
      ...(typeof args.legacyId === 'string' ? { legacyId: args.legacyId } : {}),
      ...(after === undefined ? {} : { after }),
    })
    return { ...connection(hits, first, positionText), totalCount }
  },
}
