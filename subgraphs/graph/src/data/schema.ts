import type { LegacyId, PersonId, RelationshipId, StoryId } from '../domain/ids.js'
import type { Sex } from '../domain/person.js'
import type { RelationshipKind } from '../domain/relationship.js'

/** The tables of migrations/, as kysely sees them. */
export interface GraphTables {
  readonly person: PersonTable
  readonly relationship: RelationshipTable
  readonly external_person: ExternalPersonTable
  readonly story_person: StoryPersonTable
}

export interface PersonTable extends PersonRow {
  readonly tenant_id: string
  readonly search_name: string
}

export interface PersonRow {
  readonly id: PersonId
  readonly legacy_id: LegacyId
  readonly name: string
  readonly given_name: string | null
  readonly surname: string | null
  readonly title: string | null
  readonly sex: Sex
  readonly birth_date: string | null
  readonly birth_year: number | null
  readonly birth_place: string | null
  readonly death_date: string | null
  readonly death_year: number | null
  readonly death_place: string | null
}

export interface RelationshipRow {
  readonly id: RelationshipId
  readonly legacy_id: LegacyId
  readonly kind: RelationshipKind
  readonly from_id: PersonId
  readonly to_id: PersonId
}

export interface RelationshipTable extends RelationshipRow {
  readonly tenant_id: string
}

export interface ExternalPersonTable {
  readonly tenant_id: string
  readonly legacy_id: LegacyId
  readonly source: string
  readonly external_id: string
  readonly person_id: PersonId
}

export interface StoryPersonTable {
  readonly tenant_id: string
  readonly story_id: StoryId
  readonly person_id: PersonId
}
