import type { RevisionResolvers } from '../generated/resolvers.js'
import { required } from './required.js'

export const revision: RevisionResolvers = {
  __resolveReference: ({ id }, { loaders }) => loaders.revisions.load(id),

  author: async ({ authorId }, _args, { loaders }) =>
    required(await loaders.users.load(authorId), 'User', authorId),
}
