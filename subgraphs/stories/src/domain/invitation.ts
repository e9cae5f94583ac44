import { createHash, randomBytes } from 'node:crypto'
import { AppError } from '@heirloom/errors'
import type { ActorId, MemberRole } from '@heirloom/tenancy'
import type { AccessScope } from './access.js'
import type { InvitationId } from './ids.js'

/** An offer of a role to whoever can show that an e-mail address is theirs. */
export interface Invitation {
  readonly id: InvitationId
  /** In lower case. */
  readonly email: string
  readonly role: MemberRole
  readonly scope: AccessScope
  readonly invitedBy: ActorId
  readonly createdAt: Date
  readonly expiresAt: Date
  readonly acceptedBy: ActorId | null
  readonly acceptedAt: Date | null
  readonly revokedAt: Date | null
}

export type InvitationStatus = 'PENDING' | 'ACCEPTED' | 'REVOKED' | 'EXPIRED'

export function statusOf(invitation: Invitation, now: Date): InvitationStatus {
  if (invitation.acceptedAt !== null) return 'ACCEPTED'
  if (invitation.revokedAt !== null) return 'REVOKED'
  return invitation.expiresAt <= now ? 'EXPIRED' : 'PENDING'
}

const secretBytes = 32
const secretPattern = /^[\w-]{43}$/

/** 256 random bits. */
export function newSecret(): string {
  return randomBytes(secretBytes).toString('base64url')
}

/** Null for what no invitation's secret can be. */
export function hashOfSecret(secret: string): Buffer | null {
  return secretPattern.test(secret) ? createHash('sha256').update(secret).digest() : null
}

export const defaultExpiresInHours = 7 * 24
export const maxExpiresInHours = 30 * 24

/** @throws AppError INVALID_INPUT */
export function expiryOf(hours: number | null | undefined, now: Date): Date {
  const wanted = hours ?? defaultExpiresInHours
  if (wanted < 1 || wanted > maxExpiresInHours) {
    throw new AppError(
      'INVALID_INPUT',
      `an invitation expires in 1 to ${maxExpiresInHours} hours`,
      {
        details: { field: 'expiresInHours' },
      },
    )
  }
  return new Date(now.getTime() + wanted * 3_600_000)
}

// RFC 5321, section 4.5.3.1: 64 octets before the @, 254 characters in all.
const emailPattern = /^[^\s@\p{C}]{1,64}@[^\s@\p{C}]+\.[^\s@\p{C}]+$/u
const maxEmailCharacters = 254

/** In lower case, as addresses are compared. @throws AppError INVALID_INPUT */
export function emailAddress(text: string): string {
  const email = text.trim().toLowerCase()
  if (email.length <= maxEmailCharacters && emailPattern.test(email)) return email
  throw new AppError('INVALID_INPUT', 'this is not an e-mail address', {
    details: { field: 'email' },
  })
}
