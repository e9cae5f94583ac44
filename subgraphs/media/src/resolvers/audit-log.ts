import type { AuditLogResolvers } from '../generated/resolvers.js'

export const auditLog: AuditLogResolvers = {
  media: (_parent, args, { audit }) => audit.page(args),
}
