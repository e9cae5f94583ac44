import { registerPlugin } from '../domain/plugins.js'
import type { MutationResolvers } from '../generated/resolvers.js'

export const mutationResolvers: MutationResolvers = {
  registerPlugin: async (_parent, { input }, { scope }) => ({
    plugin: await registerPlugin(scope, input),
  }),
}
