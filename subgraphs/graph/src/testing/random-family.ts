import { array, constant, integer, record, tuple, type Arbitrary } from 'fast-check'
import type { LegacyId, PersonId, RelationshipId } from '../domain/ids.js'
import type { Person } from '../domain/person.js'
import type { GraphAdapter } from '../domain/ports.js'
import { canonicalTie, tieKey, type Relationship } from '../domain/relationship.js'
import { createIds } from '@heirloom/testkit'

const newId = createIds()

/** A family by numbers: parents always have the smaller number, so that no circle can be. */
export interface FamilyPlan {
  readonly size: number
  readonly parents: readonly (readonly [number, number])[]
  readonly partners: readonly (readonly [number, number])[]
}

const maxPeople = 24

export const familyPlans: Arbitrary<FamilyPlan> = integer({ min: 2, max: maxPeople }).chain(
  (size) => {
    const person = integer({ min: 0, max: size - 1 })
    const pairs = tuple(person, person)
      .filter(([one, other]) => one !== other)
      .map(([one, other]) => [Math.min(one, other), Math.max(one, other)] as const)
    return record({
      size: constant(size),
      parents: array(pairs, { maxLength: size * 2 }),
      partners: array(pairs, { maxLength: Math.ceil(size / 3) }),
    })
  },
)

export interface PlantedFamily {
  readonly people: readonly Person[]
  readonly ties: readonly Relationship[]
}

export function person(facts: Partial<Person> = {}): Person {
  const nothing = { givenName: null, surname: null, title: null, birth: null, death: null }
  return {
    id: newId() as string as PersonId,
    legacyId: newId() as string as LegacyId,
    name: 'Somebody',
    sex: 'UNKNOWN',
    ...nothing,
    ...facts,
  }
}

export function tie(kind: Relationship['kind'], from: Person, to: Person): Relationship {
  return {
    ...canonicalTie({ kind, fromId: from.id, toId: to.id }),
    id: newId() as string as RelationshipId,
    legacyId: from.legacyId,
  }
}

export async function plant(graph: GraphAdapter, plan: FamilyPlan): Promise<PlantedFamily> {
  const legacyId = newId() as string as LegacyId
  const people = Array.from({ length: plan.size }, (_, index) =>
    person({ legacyId, name: `Person ${index}` }),
  )
  const at = (index: number): Person => people[index] ?? person()
  const ties = new Map(
    [
      ...plan.parents.map(([from, to]) => tie('PARENT', at(from), at(to))),
      ...plan.partners.map(([from, to]) => tie('PARTNER', at(from), at(to))),
    ].map((relationship) => [tieKey(relationship), relationship]),
  )
  await graph.change(async (writer) => {
    await writer.insertPeople(people)
    await writer.insertRelationships([...ties.values()])
  })
  return { people, ties: [...ties.values()] }
}

/** Each the only parent of the next. */
export async function plantLine(graph: GraphAdapter, length: number): Promise<readonly Person[]> {
  const parents = Array.from({ length: length - 1 }, (_, at) => [at, at + 1] as const)
  return (await plant(graph, { size: length, parents, partners: [] })).people
}
