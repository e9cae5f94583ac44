import { personPath } from '../domain/person-path.js'
import { peopleQuery } from '../domain/people-query.js'
import type { QueryResolvers } from '../generated/resolvers.js'
import { connectionOf, pageOf } from './paging.js'

export const query: QueryResolvers = {
  audit: () => ({}),

  person: (_parent, { id }, { loaders }) => loaders.people.load(id),

  people: async (_parent, args, { reader }) => {
    const page = pageOf(args)
    const wanted = peopleQuery(page, args)
    return connectionOf(wanted === null ? [] : await reader.listPeople(wanted), page)
  },

  personPath: (_parent, { fromId, toId }, { reader }) => personPath(reader, fromId, toId),
}
