import type { AuditLogResolvers } from '../generated/resolvers.js'

export const auditLog: AuditLogResolvers = {
  stories: (_parent, args, { audit }) => audit.page(args),
}
