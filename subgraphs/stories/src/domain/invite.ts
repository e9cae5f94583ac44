import { AppError } from '@heirloom/errors'
import { isAtLeast, type MemberRole } from '@heirloom/tenancy'
import type { AccessEntry } from './access.js'
import { findScope, resourceOf, type ScopeInput } from './access-scope.js'
import { changeAccess, giveRole, heldAt, requireGift } from './change-access.js'
import { invitationCreated } from './events.js'
import { invitationId, newInvitationId } from './ids.js'
import {
  emailAddress,
  expiryOf,
  hashOfSecret,
  newSecret,
  statusOf,
  type Invitation,
} from './invitation.js'
import type { Scope } from './scope.js'

// An invitation is used once: whoever accepts or revokes it holds its row, and looks at its state
// after getting hold of it. Of any number of attempts at once, one finds it pending.

export interface Invite {
  readonly email: string
  readonly role: MemberRole
  readonly scope?: ScopeInput | null | undefined
  readonly expiresInHours?: number | null | undefined
}

/**
 * The secret is handed out this once, and to the mailer, sealed.
 * @throws AppError FORBIDDEN (also for more than the caller has), INVALID_INPUT, NOT_FOUND
 */
export async function invite(
  scope: Scope,
  input: Invite,
): Promise<{ readonly invitation: Invitation; readonly secret: string }> {
  const email = emailAddress(input.email)
  const createdAt = scope.now()
  const expiresAt = expiryOf(input.expiresInHours, createdAt)
  return changeAccess(scope, async (current, changes) => {
    const { scope: at, resource } = await findScope(current, input.scope, changes)
    current.authorizer.require(current.tenant, 'access:write', resource)
    requireGift(current, at, input.role)
    const invitation: Invitation = {
      id: newInvitationId(scope.newId),
      email,
      role: input.role,
      scope: at,
      invitedBy: current.tenant.actor.id,
      createdAt,
      expiresAt,
      acceptedBy: null,
      acceptedAt: null,
      revokedAt: null,
    }
    const secret = newSecret()
    const hash = hashOfSecret(secret)
    if (hash === null) throw new AppError('INTERNAL', 'a new secret is not one')
    await changes.invitations.insert(invitation, hash)
    await changes.record({ action: 'invitation:create', kind: 'Invitation', id: invitation.id })
    await changes.announce(invitationCreated(invitation, await scope.sealForMailer(secret)))
    return { invitation, secret }
  })
}

/**
 * Revoking twice changes nothing. @throws AppError NOT_FOUND, FORBIDDEN, INVITATION_USED
 */
export async function revokeInvitation(scope: Scope, id: string): Promise<Invitation> {
  return changeAccess(scope, async (current, changes) => {
    const known = invitationId(id)
    const invitation = known === null ? null : await changes.invitations.lock({ id: known })
    if (invitation === null) throw noInvitation()
    const resource = resourceOf(invitation.scope, current.tenant)
    const { tenant, authorizer } = current
    if (invitation.invitedBy !== tenant.actor.id)
      authorizer.require(tenant, 'access:write', resource)
    if (statusOf(invitation, scope.now()) === 'ACCEPTED') throw used()
    if (invitation.revokedAt !== null) return invitation
    const revokedAt = scope.now()
    await changes.invitations.revoke(invitation.id, revokedAt)
    await changes.record({ action: 'invitation:revoke', kind: 'Invitation', id: invitation.id })
    return { ...invitation, revokedAt }
  })
}

/**
 * Gives the caller the role, unless they have a stronger one there already, which they keep. An
 * invitation to somebody else's address is as unknown as one of another tenant.
 * @throws AppError NOT_FOUND, INVITATION_USED, INVITATION_REVOKED, INVITATION_EXPIRED, FORBIDDEN
 *   without a verified address
 */
export async function acceptInvitation(scope: Scope, secret: string): Promise<AccessEntry> {
  const { actor } = scope.tenant
  if (actor.kind !== 'user') throw new AppError('FORBIDDEN', 'invitations are for people')
  if (actor.email === undefined) {
    throw new AppError('FORBIDDEN', 'your identity provider has not verified your e-mail address')
  }
  const email = actor.email.toLowerCase()
  return changeAccess(scope, async (current, changes) => {
    const secretHash = hashOfSecret(secret)
    const invitation = secretHash === null ? null : await changes.invitations.lock({ secretHash })
    if (invitation === null || invitation.email !== email) throw noInvitation()
    refuseUnlessPending(invitation, scope.now())
    await changes.invitations.accept(invitation.id, actor.id, scope.now())
    await changes.record({ action: 'invitation:accept', kind: 'Invitation', id: invitation.id })
    const { scope: at, role } = invitation
    const access = await changes.access.ofUser(actor.id)
    const held = heldAt(access, at)
    const kept = held !== null && isAtLeast(held, role) ? held : role
    // The inviter gives it: what they may give was asked when they did.
    const giver = {
      ...current,
      tenant: { ...current.tenant, actor: { ...actor, id: invitation.invitedBy } },
    }
    return giveRole(giver, changes, { user: actor.id, at, role: kept })
  })
}

function refuseUnlessPending(invitation: Invitation, now: Date): void {
  switch (statusOf(invitation, now)) {
    case 'ACCEPTED':
      throw used()
    case 'REVOKED':
      throw new AppError('INVITATION_REVOKED', 'the invitation was taken back; ask for a new one')
    case 'EXPIRED':
      throw new AppError('INVITATION_EXPIRED', 'the invitation has expired; ask for a new one')
    case 'PENDING':
  }
}

const used = () => new AppError('INVITATION_USED', 'the invitation was accepted already')
const noInvitation = () => new AppError('NOT_FOUND', 'there is no such invitation for you')
