import type { NewEvent } from '@heirloom/events'
import type { LegacyId, PersonId, RelationshipId, StoryId } from './ids.js'
import type { ParentEdge } from './lineage.js'
import type { Person } from './person.js'
import type { Relationship, Tie } from './relationship.js'

/**
 * The family graph of one tenant: whoever holds it reaches nobody else's. Reads see what was
 * committed when they began; two reads are not one snapshot. Every read is set-wise: the number of
 * round trips does not grow with the number of ids.
 * All methods throw AppError BACKEND_UNAVAILABLE or TIMEOUT, and CONFLICT where somebody else's
 * simultaneous change got in the way.
 */
export interface GraphAdapter {
  /** Those of the people that are there, in any order. */
  people(ids: readonly PersonId[]): Promise<readonly Person[]>
  /** In the order of ids, which is the order in which they were added. */
  listPeople(query: PeopleQuery): Promise<readonly Person[]>
  /** The same page of each legacy; within a legacy in the order of ids. */
  peopleOfLegacies(ids: readonly LegacyId[], page: PageQuery): Promise<readonly Person[]>
  relationships(ids: readonly RelationshipId[]): Promise<readonly Relationship[]>

  /** Eldest first where births are known, then in the order of ids; so do the next two. */
  parents(ids: readonly PersonId[]): Promise<readonly Relative[]>
  children(ids: readonly PersonId[]): Promise<readonly Relative[]>
  partners(ids: readonly PersonId[]): Promise<readonly Relative[]>

  /**
   * Everybody above or below somebody, each once with the smallest generation, generation by
   * generation, then in the order of ids. Never more than the limits allow; says when they cut.
   */
  kindred(id: PersonId, direction: Direction, limits: KindredLimits): Promise<Kindred>
  /** Every parent edge above the people, at most so many generations up; each once. */
  bloodLines(ids: readonly PersonId[], maxGenerations: number): Promise<readonly ParentEdge[]>
  /** Every hop that lies on a shortest path, over ties of every kind. */
  shortestPaths(fromId: PersonId, toId: PersonId, limits: PathLimits): Promise<ShortestPaths>

  /** In the order of story ids. */
  storiesOfPeople(ids: readonly PersonId[]): Promise<readonly StoryLink[]>
  /** In the order of person ids. */
  peopleOfStories(ids: readonly StoryId[]): Promise<readonly StoryPerson[]>

  /**
   * Runs `work` in one transaction: what it wrote and what it announced become visible together
   * when it resolves, or not at all when it throws. Not repeated by itself.
   */
  change<Result>(work: (writer: GraphWriter) => Promise<Result>): Promise<Result>
}

/** Writes of one transaction; reads see what the transaction has written so far. */
export interface GraphWriter {
  /**
   * Runs `work` once per key and actor: a repeat resolves to the first result.
   * Without a key it always runs.
   * @throws AppError IDEMPOTENCY_KEY_REUSED when the key came with other input before
   */
  once<Result extends string>(
    request: { readonly operation: string; readonly key: string | null; readonly input: unknown },
    work: () => Promise<Result>,
  ): Promise<Result>
  /** Waits until no other transaction holds the legacy; held until the end of this one. */
  lock(legacyId: LegacyId): Promise<void>

  people(ids: readonly PersonId[]): Promise<readonly Person[]>
  externalPeople(
    legacyId: LegacyId,
    source: string,
    externalIds: readonly string[],
  ): Promise<readonly ExternalPerson[]>
  /** The stored form of a canonical tie. */
  relationship(tie: Tie): Promise<Relationship | null>
  /** Every parent edge on the way down from the people, without end: circles included. */
  parentEdgesBelow(ids: readonly PersonId[]): Promise<readonly ParentEdge[]>

  insertPeople(people: readonly Person[]): Promise<void>
  /** Replaces the facts. People that are not there are passed over. */
  updatePeople(people: readonly Person[]): Promise<void>
  nameExternally(legacyId: LegacyId, source: string, names: readonly ExternalName[]): Promise<void>
  /** Passes over ties that are there; resolves to what was new. Ties must be canonical. */
  insertRelationships(relationships: readonly Relationship[]): Promise<readonly Relationship[]>
  /** False when the link was there. */
  linkStory(person: Person, storyId: StoryId): Promise<boolean>
  /** Goes with every write; the audit log is told of it too. */
  announce(events: readonly NewEvent[]): Promise<void>
}

export interface PageQuery {
  /** Only people after this one. */
  readonly after: PersonId | undefined
  readonly limit: number
}

export interface PeopleQuery extends PageQuery {
  readonly legacyId?: LegacyId | undefined
  /** Of these legacies alone; of all without it. */
  readonly within?: readonly string[] | undefined
  /** A part of the name, already in the form of `searchName`. */
  readonly searchName?: string | undefined
}

/** Somebody's relative. */
export interface Relative {
  readonly of: PersonId
  readonly person: Person
}

export type Direction = 'ancestors' | 'descendants'

export interface KindredLimits {
  readonly maxGenerations: number
  readonly maxPeople: number
}

export interface Kindred {
  readonly members: readonly KindredMember[]
  readonly truncated: boolean
}

export interface KindredMember {
  readonly person: Person
  /** 1 for parents or children. */
  readonly generation: number
}

export interface PathLimits {
  readonly maxSteps: number
  /** People that the search may touch. */
  readonly maxPeople: number
}

/** What the next person of a path is to the one before. */
export type Via = 'parent' | 'child' | 'partner'

export interface Hop {
  readonly fromId: PersonId
  readonly via: Via
  readonly toId: PersonId
}

export interface ShortestPaths {
  /** Hops by their distance from the start; empty when no path was found. */
  readonly levels: readonly (readonly Hop[])[]
  /** True when a limit ended the search before it could be exhausted. */
  readonly truncated: boolean
}

export interface StoryLink {
  readonly personId: PersonId
  readonly storyId: StoryId
}

export interface StoryPerson {
  readonly storyId: StoryId
  readonly person: Person
}

export interface ExternalPerson {
  readonly externalId: string
  readonly person: Person
}

export interface ExternalName {
  readonly externalId: string
  readonly personId: PersonId
}
