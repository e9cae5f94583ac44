import type { ActorId, MemberRole } from '@heirloom/tenancy'
import type { AccessEntry, AccessScope, UserAccess } from './access.js'
import type { InvitationId } from './ids.js'
import type { Invitation } from './invitation.js'
import type { Page } from './page.js'

export interface AccessReads {
  /** Counts the changes of anybody's access in the tenant; 0 before the first. */
  version(): Promise<number>
  /** The version is not newer than the roles, so that what is older is read again. */
  ofUser(user: ActorId): Promise<UserAccess>
  /** Who holds a role at exactly this scope, in the order of user ids. */
  page(scope: AccessScope, page: Page<ActorId>): Promise<readonly AccessEntry[]>
}

export interface AccessWrites {
  /**
   * Counts a change, and keeps every other change of access in the tenant waiting until the
   * transaction ends. First of all that a change of access does.
   */
  lock(): Promise<void>
  /** What the identity provider says, as long as nobody says otherwise here. Idempotent. */
  recordProviderRole(user: ActorId, role: MemberRole | null, now: Date): Promise<void>
  setRole(
    user: ActorId,
    scope: AccessScope,
    role: MemberRole,
    by: ActorId,
    now: Date,
  ): Promise<void>
  removeRole(user: ActorId, scope: AccessScope, by: ActorId, now: Date): Promise<void>
  /** How many users are owners of the tenant. */
  countOwners(): Promise<number>
}

export interface InvitationReads {
  byIds(ids: readonly InvitationId[]): Promise<readonly Invitation[]>
  /** To exactly this scope, in the order in which they were made. */
  page(scope: AccessScope, page: Page<InvitationId>): Promise<readonly Invitation[]>
}

export interface InvitationWrites {
  insert(invitation: Invitation, secretHash: Buffer): Promise<void>
  /** Keeps everybody else from using or revoking it until the transaction ends. */
  lock(
    by: { readonly id: InvitationId } | { readonly secretHash: Buffer },
  ): Promise<Invitation | null>
  accept(id: InvitationId, by: ActorId, now: Date): Promise<void>
  revoke(id: InvitationId, now: Date): Promise<void>
  /** Revokes what somebody offered at this scope, or within it, and nobody has accepted yet. */
  revokeMadeBy(user: ActorId, scope: AccessScope, now: Date): Promise<void>
}
