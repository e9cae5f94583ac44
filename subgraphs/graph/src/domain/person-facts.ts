import { AppError } from '@heirloom/errors'
import { yearOf } from './genealogical-date.js'
import type { LifeEvent, PersonFacts, Sex } from './person.js'
import { maxNameLength, optionalText, requiredText } from './text.js'

/** What a caller says about somebody, not yet checked. */
export interface PersonFactsInput {
  readonly name: string
  readonly givenName?: string | null | undefined
  readonly surname?: string | null | undefined
  readonly title?: string | null | undefined
  readonly sex?: Sex | null | undefined
  readonly birthDate?: string | null | undefined
  readonly birthYear?: number | null | undefined
  readonly birthPlace?: string | null | undefined
  readonly deathDate?: string | null | undefined
  readonly deathYear?: number | null | undefined
  readonly deathPlace?: string | null | undefined
}

const maxYear = 9999

/** @throws AppError INVALID_INPUT that names the field */
export function personFacts(input: PersonFactsInput): PersonFacts {
  return {
    name: requiredText(input.name, 'name', maxNameLength),
    givenName: optionalText(input.givenName, 'givenName', maxNameLength),
    surname: optionalText(input.surname, 'surname', maxNameLength),
    title: optionalText(input.title, 'title'),
    sex: input.sex ?? 'UNKNOWN',
    birth: lifeEvent('birth', input.birthDate, input.birthYear, input.birthPlace),
    death: lifeEvent('death', input.deathDate, input.deathYear, input.deathPlace),
  }
}

function lifeEvent(
  moment: 'birth' | 'death',
  givenDate: string | null | undefined,
  givenYear: number | null | undefined,
  givenPlace: string | null | undefined,
): LifeEvent | null {
  const date = optionalText(givenDate, `${moment}Date`)
  const place = optionalText(givenPlace, `${moment}Place`)
  const year = givenYear ?? yearOf(date)
  if (year !== null && Math.abs(year) > maxYear) {
    throw new AppError(
      'INVALID_INPUT',
      `"${moment}Year" must be between -${maxYear} and ${maxYear}`,
    )
  }
  return date === null && year === null && place === null ? null : { date, year, place }
}
