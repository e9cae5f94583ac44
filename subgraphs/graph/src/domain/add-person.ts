import { AppError } from '@heirloom/errors'
import { legacyId, type LegacyId, type PersonId } from './ids.js'
import { personFacts, type PersonFactsInput } from './person-facts.js'
import type { Person } from './person.js'
import type { Writing } from './writing.js'

export interface AddPersonInput extends Omit<PersonFactsInput, 'birthYear' | 'deathYear'> {
  readonly legacyId: string
  readonly idempotencyKey?: string | null | undefined
}

/** @throws AppError FORBIDDEN, INVALID_INPUT, NOT_FOUND (legacy), IDEMPOTENCY_KEY_REUSED */
export async function addPerson(writing: Writing, input: AddPersonInput): Promise<Person> {
  writing.requireWrite(input.legacyId)
  const facts = personFacts(input)
  const legacy = await requireLegacy(writing, input.legacyId)
  const { idempotencyKey, ...said } = input
  return writing.graph.change(async (writer) => {
    const request = { operation: 'addPerson', key: idempotencyKey ?? null, input: said }
    const id = await writer.once<PersonId>(request, async () => {
      const person: Person = { id: writing.newId() as PersonId, legacyId: legacy, ...facts }
      await writer.insertPeople([person])
      await writer.announce([
        {
          type: 'PersonAdded',
          version: 1,
          resource: { kind: 'Person', id: person.id },
          payload: { legacy_id: legacy, person_id: person.id, name: person.name },
        },
      ])
      return person.id
    })
    const [person] = await writer.people([id])
    if (person === undefined)
      throw new AppError('NOT_FOUND', `there is no Person with the id "${id}"`)
    return person
  })
}

/** @throws AppError NOT_FOUND unless the caller may read the legacy */
export async function requireLegacy({ stories }: Writing, id: string): Promise<LegacyId> {
  const known = legacyId(id)
  if (known === null)
    throw new AppError('NOT_FOUND', `there is no Legacy with the id "${id.slice(0, 64)}"`)
  await stories.requireLegacy(known)
  return known
}
