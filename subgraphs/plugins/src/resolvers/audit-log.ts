import type { AuditLogResolvers } from '../generated/resolvers.js'

export const auditLog: AuditLogResolvers = {
  plugins: (_parent, args, { audit }) => audit.page(args),
}
