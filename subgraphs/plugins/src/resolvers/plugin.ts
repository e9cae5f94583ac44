import type { PluginResolvers } from '../generated/resolvers.js'

export const pluginResolvers: PluginResolvers = {
  __resolveReference: ({ id }, { plugins }) => plugins.load(id),
}
