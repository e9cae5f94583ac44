import { isUlid, type ActorId, type NewId, type Ulid } from '@heirloom/tenancy'

declare const kind: unique symbol
type Id<Kind extends string> = Ulid & { readonly [kind]: Kind }

export type LegacyId = Id<'Legacy'>
export type StoryId = Id<'Story'>
export type RevisionId = Id<'Revision'>
export type InvitationId = Id<'Invitation'>

/** An id as a client wrote it; null when it is malformed, which is as good as unknown. */
export const legacyId = (text: string): LegacyId | null => parse(text) as LegacyId | null
export const storyId = (text: string): StoryId | null => parse(text) as StoryId | null
export const revisionId = (text: string): RevisionId | null => parse(text) as RevisionId | null
export const invitationId = (text: string): InvitationId | null =>
  parse(text) as InvitationId | null

// The identity provider chooses the ids of users; Postgres takes no NUL in any text.
const userIdPattern = /^[^\0\p{Cs}]{1,200}$/u

export function userId(text: string): ActorId | null {
  return userIdPattern.test(text) ? (text as ActorId) : null
}

export const newLegacyId = (newId: NewId): LegacyId => newId() as LegacyId
export const newStoryId = (newId: NewId): StoryId => newId() as StoryId
export const newRevisionId = (newId: NewId): RevisionId => newId() as RevisionId
export const newInvitationId = (newId: NewId): InvitationId => newId() as InvitationId

function parse(text: string): Ulid | null {
  return isUlid(text) ? text : null
}
