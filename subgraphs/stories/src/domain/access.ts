import {
  isAtLeast,
  strongest,
  type ActorId,
  type Grants,
  type MemberRole,
  type TenantContext,
} from '@heirloom/tenancy'
import type { LegacyId, StoryId } from './ids.js'

/** Where a role holds. A story's scope knows its legacy, whose roles count there too. */
export type AccessScope =
  | { readonly kind: 'tenant' }
  | { readonly kind: 'legacy'; readonly legacyId: LegacyId }
  | { readonly kind: 'story'; readonly legacyId: LegacyId; readonly storyId: StoryId }

/** What one user may do at tenant scope, by the provider and by what was said here. */
export interface Membership {
  readonly providerRole: MemberRole | null
  readonly grantedRole: MemberRole | null
  /** Overrides the provider until a role is granted again. */
  readonly removed: boolean
}

/** All that is known here of one user's roles. */
export interface UserAccess extends Grants {
  readonly membership: Membership | null
}

/** Somebody's role at one scope, as those who manage it see it. */
export interface AccessEntry {
  readonly userId: ActorId
  readonly role: MemberRole
  readonly scope: AccessScope
  /** Who said so: the identity provider, or somebody here. */
  readonly source: 'PROVIDER' | 'GRANTED'
  readonly changedAt: Date
}

/** The role at tenant scope that counts: what was said here, instead of what the provider says. */
export function effectiveRole(membership: Membership | null): MemberRole | null {
  if (membership === null || membership.removed) return null
  return membership.grantedRole ?? membership.providerRole
}

/** The caller with the roles that hold now, instead of those that were so when the token was made. */
export function withAccess(tenant: TenantContext, access: UserAccess): TenantContext {
  const { membership, version, legacies, stories } = access
  return {
    ...tenant,
    roles: rolesOf(tenant.roles, membership),
    grants: { version, legacies, stories },
  }
}

function rolesOf(said: TenantContext['roles'], membership: Membership | null) {
  const others = said.filter((role) => role === 'operator')
  if (membership?.removed === true) return others
  const granted = membership?.grantedRole ?? null
  return granted === null ? said : [granted, ...others]
}

/** The strongest role that somebody holds at a scope, those of the scopes around it included. */
export function roleAt(
  { roles, grants }: TenantContext,
  scope: AccessScope,
): MemberRole | undefined {
  const legacy = scope.kind === 'tenant' ? undefined : grants?.legacies[scope.legacyId]
  const story = scope.kind === 'story' ? grants?.stories[scope.storyId]?.role : undefined
  return strongest([...roles, ...[legacy, story].filter((role) => role !== undefined)])
}

/** Nobody gives, or takes away, more than they have. */
export function mayGive(giver: TenantContext, scope: AccessScope, role: MemberRole): boolean {
  const own = roleAt(giver, scope)
  return own !== undefined && isAtLeast(own, role)
}

/** How many roles one user may hold below the tenant: they travel with every request. */
export const maxGrantsPerUser = 200
