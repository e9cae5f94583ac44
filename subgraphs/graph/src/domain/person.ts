import type { LegacyId, PersonId } from './ids.js'

export type Sex = 'FEMALE' | 'MALE' | 'OTHER' | 'UNKNOWN'

export interface LifeEvent {
  readonly date: string | null
  readonly year: number | null
  readonly place: string | null
}

/** What a source says about somebody. */
export interface PersonFacts {
  readonly name: string
  readonly givenName: string | null
  readonly surname: string | null
  readonly title: string | null
  readonly sex: Sex
  readonly birth: LifeEvent | null
  readonly death: LifeEvent | null
}

export interface Person extends PersonFacts {
  readonly id: PersonId
  readonly legacyId: LegacyId
}

/** Entities of the stories subgraph, of which this one knows the id alone. */
export interface LegacyRef {
  readonly id: string
}

export interface StoryRef {
  readonly id: string
}

export function sameFacts(a: PersonFacts, b: PersonFacts): boolean {
  return (
    a.name === b.name &&
    a.givenName === b.givenName &&
    a.surname === b.surname &&
    a.title === b.title &&
    a.sex === b.sex &&
    sameLifeEvent(a.birth, b.birth) &&
    sameLifeEvent(a.death, b.death)
  )
}

function sameLifeEvent(a: LifeEvent | null, b: LifeEvent | null): boolean {
  return a?.date === b?.date && a?.year === b?.year && a?.place === b?.place
}
