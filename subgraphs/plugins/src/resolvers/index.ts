import { scalars } from '@heirloom/subgraph'
import type { Resolvers } from '../generated/resolvers.js'
import { auditLog } from './audit-log.js'
import { mutationResolvers } from './mutation.js'
import { pluginResolvers } from './plugin.js'
import { queryResolvers } from './query.js'

export const resolvers: Resolvers = {
  DateTime: scalars.DateTime,
  Query: queryResolvers,
  Mutation: mutationResolvers,
  AuditLog: auditLog,
  Plugin: pluginResolvers,
}
