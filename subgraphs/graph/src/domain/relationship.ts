import type { LegacyId, PersonId, RelationshipId } from './ids.js'

export type RelationshipKind = 'PARENT' | 'PARTNER'

/** PARENT: `fromId` is a parent of `toId`. PARTNER: a couple, kept once, the smaller id first. */
export interface Tie {
  readonly kind: RelationshipKind
  readonly fromId: PersonId
  readonly toId: PersonId
}

export interface Relationship extends Tie {
  readonly id: RelationshipId
  readonly legacyId: LegacyId
}

/** A couple has no direction: both ways of saying it are one tie. */
export function canonicalTie(tie: Tie): Tie {
  return tie.kind === 'PARTNER' && tie.fromId > tie.toId
    ? { kind: tie.kind, fromId: tie.toId, toId: tie.fromId }
    : tie
}

export function tieKey(tie: Tie): string {
  return `${tie.kind} ${tie.fromId} ${tie.toId}`
}
