import { AppError } from '@heirloom/errors'
import { personFacts, type PersonFactsInput } from './person-facts.js'
import type { PersonFacts } from './person.js'
import type { RelationshipKind } from './relationship.js'
import { requiredText } from './text.js'

export const maxImportedPeople = 1_000
export const maxImportedRelationships = 4_000
const maxExternalIdLength = 200

export interface ImportTreeInput {
  readonly legacyId: string
  readonly source: string
  readonly people: readonly ImportedPersonInput[]
  readonly relationships: readonly ImportedTie[]
}

export interface ImportedPersonInput extends PersonFactsInput {
  readonly externalId: string
}

export interface ImportedTie {
  readonly kind: RelationshipKind
  readonly fromExternalId: string
  readonly toExternalId: string
}

/** A batch whose every field was checked; what needs the store is checked later. */
export interface Batch {
  readonly source: string
  readonly people: readonly { readonly externalId: string; readonly facts: PersonFacts }[]
  readonly relationships: readonly ImportedTie[]
}

/** @throws AppError INVALID_INPUT that names the person or the field */
export function readBatch(input: ImportTreeInput): Batch {
  refuseMoreThan(maxImportedPeople, input.people, 'people')
  refuseMoreThan(maxImportedRelationships, input.relationships, 'relationships')
  const seen = new Set<string>()
  return {
    source: requiredText(input.source, 'source', maxExternalIdLength),
    people: input.people.map((person) => {
      const externalId = readExternalId(person.externalId, 'externalId')
      if (seen.has(externalId)) {
        throw new AppError('INVALID_INPUT', `person "${externalId}" is in the batch twice`)
      }
      seen.add(externalId)
      return { externalId, facts: factsOf(externalId, person) }
    }),
    relationships: input.relationships.map(readTie),
  }
}

function refuseMoreThan(max: number, list: readonly unknown[], field: string): void {
  if (list.length <= max) return
  throw new AppError('INVALID_INPUT', `a batch takes at most ${max} ${field}; send several batches`)
}

function readTie({ kind, ...tie }: ImportedTie): ImportedTie {
  const fromExternalId = readExternalId(tie.fromExternalId, 'fromExternalId')
  const toExternalId = readExternalId(tie.toExternalId, 'toExternalId')
  if (fromExternalId === toExternalId) {
    throw new AppError(
      'INVALID_INPUT',
      `person "${fromExternalId}" cannot be related to themselves`,
    )
  }
  return { kind, fromExternalId, toExternalId }
}

function readExternalId(value: string, field: string): string {
  return requiredText(value, field, maxExternalIdLength)
}

function factsOf(externalId: string, input: ImportedPersonInput): PersonFacts {
  try {
    return personFacts(input)
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause
    const message = `person "${externalId}": ${cause.message}`
    throw new AppError(cause.code, message, { cause, details: { externalId } })
  }
}
