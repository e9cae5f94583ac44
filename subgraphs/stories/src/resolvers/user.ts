import type { UserResolvers } from '../generated/resolvers.js'

export const user: UserResolvers = {
  __resolveReference: ({ id }, { loaders }) => loaders.users.load(id),
}
