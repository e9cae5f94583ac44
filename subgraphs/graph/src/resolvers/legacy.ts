import type { LegacyResolvers } from '../generated/resolvers.js'
import { connectionOf, pageOf } from './paging.js'

export const legacy: LegacyResolvers = {
  people: async ({ id }, args, { loaders }) => {
    const page = pageOf(args)
    return connectionOf(await loaders.peopleOfLegacy(page).load(id), page)
  },
}
