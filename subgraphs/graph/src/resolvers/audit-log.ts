import type { AuditLogResolvers } from '../generated/resolvers.js'

export const auditLog: AuditLogResolvers = {
  graph: (_parent, args, { audit }) => audit.page(args),
}
