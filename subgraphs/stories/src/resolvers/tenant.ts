import { findTenant } from '../domain/read-directory.js'
import type { TenantResolvers } from '../generated/resolvers.js'

export const tenant: TenantResolvers = {
  __resolveReference: ({ id }, { scope }) => findTenant(scope, id),
}
