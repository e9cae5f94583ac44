import { AppError } from '@heirloom/errors'
import { refuseCircles } from './add-relationship.js'
import { requireLegacy } from './add-person.js'
import type { LegacyId, PersonId, RelationshipId } from './ids.js'
import { readBatch, type Batch, type ImportTreeInput } from './import-batch.js'
import { sameFacts, type Person } from './person.js'
import type { ExternalName, GraphWriter } from './ports.js'
import { canonicalTie, tieKey, type Tie } from './relationship.js'
import type { Writing } from './writing.js'

export interface ImportTreeResult {
  readonly peopleCreated: number
  readonly peopleUpdated: number
  readonly peopleUnchanged: number
  readonly relationshipsCreated: number
  readonly relationshipsUnchanged: number
}

/**
 * Brings one batch of a tree in, all or nothing. What is there already, under the same source and
 * external id, is compared: only differences are written, and without any no event is sent.
 * People and ties that the batch does not mention are left alone.
 * @throws AppError FORBIDDEN, INVALID_INPUT, NOT_FOUND (legacy)
 */
export async function importTree(
  writing: Writing,
  input: ImportTreeInput,
): Promise<ImportTreeResult> {
  writing.requireImport(input.legacyId)
  const batch = readBatch(input)
  const legacyId = await requireLegacy(writing, input.legacyId)
  return writing.graph.change(async (writer) => {
    await writer.lock(legacyId)
    const known = await knownPeople(writer, legacyId, batch)
    const people = await writePeople(writing, writer, legacyId, batch, known)
    const ties = tiesOf(batch, people.idOf)
    const created = await writer.insertRelationships(
      ties.map((tie) => ({ ...tie, id: writing.newId() as RelationshipId, legacyId })),
    )
    await refuseCircles(writer, created)
    const result = {
      peopleCreated: people.created,
      peopleUpdated: people.updated,
      peopleUnchanged: batch.people.length - people.created - people.updated,
      relationshipsCreated: created.length,
      relationshipsUnchanged: batch.relationships.length - created.length,
    }
    await announce(writer, legacyId, batch.source, result)
    return result
  })
}

async function knownPeople(
  writer: GraphWriter,
  legacyId: LegacyId,
  { source, people, relationships }: Batch,
): Promise<ReadonlyMap<string, Person>> {
  const mentioned = new Set([
    ...people.map((person) => person.externalId),
    ...relationships.flatMap((tie) => [tie.fromExternalId, tie.toExternalId]),
  ])
  const found = await writer.externalPeople(legacyId, source, [...mentioned])
  return new Map(found.map(({ externalId, person }) => [externalId, person]))
}

interface WrittenPeople {
  readonly created: number
  readonly updated: number
  readonly idOf: (externalId: string) => PersonId | undefined
}

async function writePeople(
  { newId }: Writing,
  writer: GraphWriter,
  legacyId: LegacyId,
  { source, people }: Batch,
  known: ReadonlyMap<string, Person>,
): Promise<WrittenPeople> {
  const created: Person[] = []
  const updated: Person[] = []
  const names: ExternalName[] = []
  for (const { externalId, facts } of people) {
    const before = known.get(externalId)
    if (before === undefined) {
      const person = { id: newId() as PersonId, legacyId, ...facts }
      created.push(person)
      names.push({ externalId, personId: person.id })
    } else if (!sameFacts(before, facts)) {
      updated.push({ id: before.id, legacyId, ...facts })
    }
  }
  await writer.insertPeople(created)
  await writer.nameExternally(legacyId, source, names)
  await writer.updatePeople(updated)
  const fresh = new Map(names.map((name) => [name.externalId, name.personId]))
  return {
    created: created.length,
    updated: updated.length,
    idOf: (externalId) => fresh.get(externalId) ?? known.get(externalId)?.id,
  }
}

const maxNamed = 5

/** The batch's ties, each once. @throws AppError INVALID_INPUT that names the unknown people */
function tiesOf(
  { relationships }: Batch,
  idOf: (externalId: string) => PersonId | undefined,
): readonly Tie[] {
  const ties = new Map<string, Tie>()
  const unknown = new Set<string>()
  for (const { kind, fromExternalId, toExternalId } of relationships) {
    const fromId = idOf(fromExternalId)
    const toId = idOf(toExternalId)
    if (fromId === undefined) unknown.add(fromExternalId)
    if (toId === undefined) unknown.add(toExternalId)
    if (fromId === undefined || toId === undefined) continue
    const tie = canonicalTie({ kind, fromId, toId })
    ties.set(tieKey(tie), tie)
  }
  if (unknown.size > 0) {
    const externalIds = [...unknown].slice(0, maxNamed)
    throw new AppError(
      'INVALID_INPUT',
      `${unknown.size} people are related but not imported, for example ${externalIds.join(', ')}`,
      { details: { externalIds } },
    )
  }
  return [...ties.values()]
}

async function announce(
  writer: GraphWriter,
  legacyId: LegacyId,
  source: string,
  result: ImportTreeResult,
): Promise<void> {
  const { peopleCreated, peopleUpdated, relationshipsCreated } = result
  if (peopleCreated + peopleUpdated + relationshipsCreated === 0) return
  await writer.announce([
    {
      type: 'TreeImported',
      version: 1,
      resource: { kind: 'Legacy', id: legacyId },
      payload: {
        legacy_id: legacyId,
        source,
        people_created: peopleCreated,
        people_updated: peopleUpdated,
        relationships_created: relationshipsCreated,
      },
    },
  ])
}
