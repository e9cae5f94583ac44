import type { Role as DomainRole } from '@heirloom/tenancy'
import type { Role, ViewerResolvers } from '../generated/resolvers.js'

export const viewer: ViewerResolvers = {
  roles: ({ roles }) => roles.map((role) => graphqlRoles[role]),
}

export const graphqlRoles: Readonly<Record<DomainRole, Role>> = {
  owner: 'OWNER',
  editor: 'EDITOR',
  contributor: 'CONTRIBUTOR',
  viewer: 'VIEWER',
  operator: 'OPERATOR',
}
