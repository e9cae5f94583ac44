import { sql } from 'kysely'
import type { LifeEvent, Person } from '../domain/person.js'
import type { Relationship } from '../domain/relationship.js'
import { searchName } from '../domain/search-name.js'
import type { PersonRow, RelationshipRow } from './schema.js'

/** The columns of PersonRow, of a table that the statement calls `person`. */
export const personColumns = sql`
  person.id, person.legacy_id, person.name, person.given_name, person.surname, person.title,
  person.sex, person.birth_date, person.birth_year, person.birth_place,
  person.death_date, person.death_year, person.death_place`

export function personOf(row: PersonRow): Person {
  return {
    id: row.id,
    legacyId: row.legacy_id,
    name: row.name,
    givenName: row.given_name,
    surname: row.surname,
    title: row.title,
    sex: row.sex,
    birth: lifeEvent(row.birth_date, row.birth_year, row.birth_place),
    death: lifeEvent(row.death_date, row.death_year, row.death_place),
  }
}

function lifeEvent(
  date: string | null,
  year: number | null,
  place: string | null,
): LifeEvent | null {
  return date === null && year === null && place === null ? null : { date, year, place }
}

export function personRow(person: Person): PersonRow & { readonly search_name: string } {
  return {
    id: person.id,
    legacy_id: person.legacyId,
    name: person.name,
    search_name: searchName(person.name),
    given_name: person.givenName,
    surname: person.surname,
    title: person.title,
    sex: person.sex,
    birth_date: person.birth?.date ?? null,
    birth_year: person.birth?.year ?? null,
    birth_place: person.birth?.place ?? null,
    death_date: person.death?.date ?? null,
    death_year: person.death?.year ?? null,
    death_place: person.death?.place ?? null,
  }
}

export function relationshipOf(row: RelationshipRow): Relationship {
  return {
    id: row.id,
    legacyId: row.legacy_id,
    kind: row.kind,
    fromId: row.from_id,
    toId: row.to_id,
  }
}
