import { isUlid, type Ulid } from '@heirloom/tenancy'

declare const brand: unique symbol
type Id<Name extends string> = Ulid & { readonly [brand]: Name }

export type PersonId = Id<'Person'>
export type RelationshipId = Id<'Relationship'>
export type LegacyId = Id<'Legacy'>
export type StoryId = Id<'Story'>

// Every id of the platform is a ULID: text that is none names nothing, and is never asked for.

export function personId(text: string): PersonId | null {
  return isUlid(text) ? (text as PersonId) : null
}

export function relationshipId(text: string): RelationshipId | null {
  return isUlid(text) ? (text as RelationshipId) : null
}

export function legacyId(text: string): LegacyId | null {
  return isUlid(text) ? (text as LegacyId) : null
}

export function storyId(text: string): StoryId | null {
  return isUlid(text) ? (text as StoryId) : null
}

/** The ids among the texts, each once. */
export function idsAmong<Named>(
  texts: readonly string[],
  parse: (text: string) => Named | null,
): readonly Named[] {
  return [...new Set(texts)].flatMap((text) => parse(text) ?? [])
}
