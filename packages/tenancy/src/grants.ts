import { AppError } from '@heirloom/errors'
import { isUlid } from './ids.js'

export const memberRoles = ['owner', 'editor', 'contributor', 'viewer'] as const
/** A role that members are given, at any scope; each can do all that those after it can. */
export type MemberRole = (typeof memberRoles)[number]

/**
 * The roles of one actor below the tenant. They travel in the internal token, so their number is
 * bounded where they are given.
 */
export interface Grants {
  /** Counts the changes of anybody's access in the tenant. */
  readonly version: number
  /** By the id of the legacy. */
  readonly legacies: Readonly<Record<string, MemberRole>>
  /** By the id of the story. */
  readonly stories: Readonly<Record<string, StoryGrant>>
}

export interface StoryGrant {
  readonly legacyId: string
  readonly role: MemberRole
}

const letters = { owner: 'o', editor: 'e', contributor: 'c', viewer: 'v' } as const
const byLetter = new Map<unknown, MemberRole>(memberRoles.map((role) => [letters[role], role]))

/** True when whoever holds `role` can do all that `other` can. */
export function isAtLeast(role: MemberRole, other: MemberRole): boolean {
  return memberRoles.indexOf(role) <= memberRoles.indexOf(other)
}

/** The most powerful of these; undefined when none of them is a member's. */
export function strongest(roles: readonly string[]): MemberRole | undefined {
  return memberRoles.find((role) => roles.includes(role))
}

/** `{ v: 7, l: { "01H…": "e" }, s: { "01H…": ["v", "01H…"] } }` */
export function grantsClaim({ version, legacies, stories }: Grants): Record<string, unknown> {
  return {
    v: version,
    l: Object.fromEntries(Object.entries(legacies).map(([id, role]) => [id, letters[role]])),
    s: Object.fromEntries(
      Object.entries(stories).map(([id, { legacyId, role }]) => [id, [letters[role], legacyId]]),
    ),
  }
}

/** @throws AppError TOKEN_INVALID */
export function readGrantsClaim(claim: unknown): Grants {
  const { v, l = {}, s = {} } = record(claim)
  if (!Number.isSafeInteger(v)) throw malformed()
  return {
    version: Number(v),
    legacies: mapped(l, roleOf),
    stories: mapped(s, (entry) => {
      if (!Array.isArray(entry) || !isUlid(entry[1])) throw malformed()
      return { role: roleOf(entry[0]), legacyId: entry[1] }
    }),
  }
}

function mapped<Value>(entries: unknown, read: (value: unknown) => Value): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(record(entries)).map(([id, value]) => {
      if (!isUlid(id)) throw malformed()
      return [id, read(value)]
    }),
  )
}

function roleOf(letter: unknown): MemberRole {
  const role = byLetter.get(letter)
  if (role === undefined) throw malformed()
  return role
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>
  }
  throw malformed()
}

function malformed(): AppError {
  return new AppError('TOKEN_INVALID', 'the token has no usable claim "grants"')
}
