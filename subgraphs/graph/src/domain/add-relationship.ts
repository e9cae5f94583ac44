import { AppError } from '@heirloom/errors'
import { idsAmong, personId, type RelationshipId } from './ids.js'
import { findCircle } from './lineage.js'
import type { Person } from './person.js'
import type { GraphWriter } from './ports.js'
import { canonicalTie, type Relationship, type RelationshipKind, type Tie } from './relationship.js'
import type { Writing } from './writing.js'

export interface AddRelationshipInput {
  readonly kind: RelationshipKind
  readonly fromId: string
  readonly toId: string
}

/**
 * Adding what is there already resolves to it and changes nothing.
 * @throws AppError FORBIDDEN, NOT_FOUND (either person), INVALID_INPUT
 */
export async function addRelationship(
  writing: Writing,
  { kind, fromId, toId }: AddRelationshipInput,
): Promise<Relationship> {
  return writing.graph.change(async (writer) => {
    const [from, to] = await bothPeople(writing, writer, fromId, toId)
    await writer.lock(from.legacyId)
    const tie = canonicalTie({ kind, fromId: from.id, toId: to.id })
    const known = await writer.relationship(tie)
    if (known !== null) return known
    const relationship = { ...tie, id: writing.newId() as RelationshipId, legacyId: from.legacyId }
    await writer.insertRelationships([relationship])
    await refuseCircles(writer, [tie])
    await writer.announce([
      {
        type: 'RelationshipAdded',
        version: 1,
        resource: { kind: 'Relationship', id: relationship.id },
        payload: {
          legacy_id: relationship.legacyId,
          relationship_id: relationship.id,
          person_id: tie.fromId,
          other_person_id: tie.toId,
          kind,
        },
      },
    ])
    return relationship
  })
}

async function bothPeople(
  writing: Writing,
  writer: GraphWriter,
  fromId: string,
  toId: string,
): Promise<readonly [Person, Person]> {
  if (fromId === toId) throw new AppError('INVALID_INPUT', 'nobody is related to themselves')
  const people = await writer.people(idsAmong([fromId, toId], personId))
  const from = people.find((person) => person.id === fromId)
  const to = people.find((person) => person.id === toId)
  if (from === undefined || to === undefined) {
    const missing = from === undefined ? fromId : toId
    throw new AppError('NOT_FOUND', `there is no Person with the id "${missing.slice(0, 64)}"`)
  }
  // Before anything is told of either.
  for (const person of [from, to]) writing.requireWrite(person.legacyId)
  if (from.legacyId !== to.legacyId) {
    throw new AppError('INVALID_INPUT', `${from.name} and ${to.name} belong to different legacies`)
  }
  return [from, to]
}

const maxNamed = 10

/**
 * To be asked after new ties were written, under the lock of their legacy: two simultaneous
 * changes could close a circle that neither of them sees.
 * @throws AppError INVALID_INPUT that names the people
 */
export async function refuseCircles(writer: GraphWriter, added: readonly Tie[]): Promise<void> {
  const children = added.filter((tie) => tie.kind === 'PARENT').map((tie) => tie.toId)
  if (children.length === 0) return
  const circle = findCircle(await writer.parentEdgesBelow([...new Set(children)]))
  if (circle === null) return
  const shown = circle.slice(0, maxNamed)
  const people = new Map((await writer.people(shown)).map((person) => [person.id, person.name]))
  const names = shown.map((id) => people.get(id) ?? id)
  const line = [...names, circle.length > maxNamed ? '…' : (names[0] ?? '')].join(' → ')
  throw new AppError('INVALID_INPUT', `somebody would be their own ancestor: ${line}`, {
    details: { people: shown.map((id, index) => ({ id, name: names[index] })) },
  })
}
