import type { MemberRole as DomainRole } from '@heirloom/tenancy'
import { statusOf } from '../domain/invitation.js'
import type {
  AccessGrantResolvers,
  AccessScopeResolvers,
  InvitationResolvers,
  MemberRole,
  ViewerAccessResolvers,
} from '../generated/resolvers.js'
import { required } from './required.js'
import { graphqlRoles } from './viewer.js'

const memberRoles = {
  owner: 'OWNER',
  editor: 'EDITOR',
  contributor: 'CONTRIBUTOR',
  viewer: 'VIEWER',
} as const satisfies Readonly<Record<DomainRole, MemberRole>>

export const domainRoles: Readonly<Record<MemberRole, DomainRole>> = {
  OWNER: 'owner',
  EDITOR: 'editor',
  CONTRIBUTOR: 'contributor',
  VIEWER: 'viewer',
}

export const viewerAccess: ViewerAccessResolvers = {
  version: ({ grants }) => grants.version,
  roles: ({ roles }) => roles.map((role) => graphqlRoles[role]),
  grants: ({ grants: { legacies, stories } }) => [
    ...Object.entries(legacies).map(([legacyId, role]) => ({
      legacyId,
      storyId: null,
      role: memberRoles[role],
    })),
    ...Object.entries(stories).map(([storyId, { legacyId, role }]) => ({
      legacyId,
      storyId,
      role: memberRoles[role],
    })),
  ],
}

export const accessScope: AccessScopeResolvers = {
  legacyId: (scope) => (scope.kind === 'tenant' ? null : scope.legacyId),
  storyId: (scope) => (scope.kind === 'story' ? scope.storyId : null),
}

export const accessGrant: AccessGrantResolvers = {
  user: async ({ userId }, _args, { loaders }) =>
    required(await loaders.users.load(userId), 'User', userId),
  role: ({ role }) => memberRoles[role],
}

export const invitation: InvitationResolvers = {
  role: ({ role }) => memberRoles[role],
  status: (of, _args, { scope }) => statusOf(of, scope.now()),
  invitedBy: async ({ invitedBy }, _args, { loaders }) =>
    required(await loaders.users.load(invitedBy), 'User', invitedBy),
}
