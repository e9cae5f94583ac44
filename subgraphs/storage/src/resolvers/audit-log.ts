import type { AuditLogResolvers } from '../generated/resolvers.js'

export const auditLogResolvers: AuditLogResolvers = {
  storage: (_parent, args, { audit }) => audit.page(args),
}
