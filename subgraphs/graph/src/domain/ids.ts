import { isUlid, type Ulid } from '@heirloom/tenancy'

declare const brand: unique symbol
type Id<Name extends string> = Ulid & { readonly [brand]: Name }

export type PersonId = Id<'Person'>
export type RelationshipId = Id<'Relationship'>
export type LegacyId = Id<'Legacy'>
export type StoryId = Id<'Story'>

/** Every id of the platform is a ULID: what is none names nothing, and is never asked for. */
export function isId<Named extends Id<string>>(value: string): value is Named {
  return isUlid(value)
}

/** The ids among `values`, each once. */
export function idsAmong<Named extends Id<string>>(values: readonly string[]): readonly Named[] {
  return [...new Set(values)].filter((value): value is Named => isId<Named>(value))
}
