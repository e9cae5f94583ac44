import { AppError } from '@heirloom/errors'
import { connection, decodeCursor, pageSize } from '@heirloom/subgraph'
import { pluginId, type PluginId } from '../domain/plugin.js'
import { listPlugins } from '../domain/plugins.js'
import type { QueryResolvers } from '../generated/resolvers.js'

export const queryResolvers: QueryResolvers = {
  audit: () => ({}),
  plugin: (_parent, { id }, { plugins }) => plugins.load(id),
  plugins: async (_parent, args, { scope }) => {
    const first = pageSize(args)
    const rows = await listPlugins(scope, { after: positionOf(args.after), limit: first + 1 })
    return connection(rows, first, ({ id }) => id)
  },
}

function positionOf(cursor: string | null | undefined): PluginId | undefined {
  const text = decodeCursor(cursor)
  if (text === undefined) return undefined
  const position = pluginId(text)
  if (position !== null) return position
  throw new AppError('CURSOR_INVALID', 'this cursor is not one of ours; start without "after"')
}
