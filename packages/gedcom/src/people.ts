import { dateYear } from './dates.js'
import { orNull, parseName, tidy, type PersonName } from './names.js'
import type { Reading } from './reading.js'
import type { GedcomRecord } from './records.js'

export type Sex = 'FEMALE' | 'MALE' | 'OTHER' | 'UNKNOWN'

export interface LifeEvent {
  /** As written, white space tidied. */
  readonly date: string | null
  /** The year to sort by. Without a date of its own: that of the christening or burial. */
  readonly year: number | null
  readonly place: string | null
  /** The tag that the year comes from. */
  readonly source: string
}

export interface TreePerson {
  /** The identifier within the file, without at signs. */
  readonly xref: string
  readonly name: string
  readonly givenName: string | null
  readonly surname: string | null
  readonly suffix: string | null
  readonly nickname: string | null
  readonly title: string | null
  readonly sex: Sex
  readonly birth: LifeEvent | null
  readonly death: LifeEvent | null
  readonly line: number
}

/** Shown for somebody whose record gives neither name, nickname nor title. */
export const unknownName = 'Unknown'

const sexes: Readonly<Record<string, Sex>> = {
  F: 'FEMALE',
  M: 'MALE',
  X: 'OTHER',
  U: 'UNKNOWN',
  N: 'UNKNOWN',
  '': 'UNKNOWN',
}

export function readPerson(record: GedcomRecord, xref: string, reading: Reading): TreePerson {
  const nameRecord = reading.first(record, 'NAME')
  const part = (tag: string): string | null => {
    if (nameRecord === undefined) return null
    const found = reading.first(nameRecord, tag)
    return found === undefined ? null : orNull(tidy(found.value))
  }
  const nickname = part('NICK')
  const prefix = part('NPFX')
  const titles = reading.all(record, 'TITL').map((title) => tidy(title.value))
  const title = orNull(titles.filter((text) => text !== '').join(', ')) ?? prefix
  const given = part('GIVN')
  const surname = part('SURN')
  const written = parseName(nameRecord?.value ?? '') ?? fromParts(given, surname)

  return {
    xref,
    name: written?.display ?? nickname ?? title ?? unknownName,
    // The parts between slashes are what every program writes; GIVN and SURN may be an index form.
    givenName: written?.givenName ?? given,
    surname: written?.surname ?? surname,
    suffix: part('NSFX') ?? written?.suffix ?? null,
    nickname,
    title,
    sex: readSex(record, reading),
    birth: readLifeEvent(record, ['BIRT', 'CHR', 'BAPM'], reading),
    death: readLifeEvent(record, ['DEAT', 'BURI', 'CREM'], reading),
    line: record.line,
  }
}

function fromParts(given: string | null, surname: string | null): PersonName | null {
  return parseName(`${given ?? ''} /${surname ?? ''}/`)
}

function readSex(record: GedcomRecord, reading: Reading): Sex {
  const found = reading.first(record, 'SEX')
  const value = found?.value.trim().toUpperCase() ?? ''
  const sex = sexes[value]
  if (sex === undefined && found !== undefined) reading.reject(found, 'no sex that GEDCOM knows')
  return sex ?? 'UNKNOWN'
}

/**
 * The event itself gives date and place. Only when it tells no year do the tags after it help
 * out, with their year alone: a christening is not a birth, but it says where to sort it.
 */
function readLifeEvent(
  record: GedcomRecord,
  [tag = '', ...standIns]: readonly string[],
  reading: Reading,
): LifeEvent | null {
  const event = reading.first(record, tag)
  const own = event === undefined ? null : readEvent(event, reading)
  if (own?.year !== undefined && own.year !== null) return { ...own, source: tag }
  for (const standIn of standIns) {
    const year = standInYear(record, standIn, reading)
    if (year === null) continue
    return { date: own?.date ?? null, place: own?.place ?? null, year, source: standIn }
  }
  return own === null ? null : { ...own, source: tag }
}

function readEvent(event: GedcomRecord, reading: Reading): Omit<LifeEvent, 'source'> {
  const dateRecord = reading.first(event, 'DATE')
  const date = orNull(tidy(dateRecord?.value ?? ''))
  const year = date === null ? null : dateYear(date)
  if (date !== null && year === null && dateRecord !== undefined) {
    reading.reject(dateRecord, 'kept as text: no year was found in it')
  }
  const place = orNull(tidy(reading.first(event, 'PLAC')?.value ?? ''))
  return { date, year, place }
}

function standInYear(record: GedcomRecord, tag: string, reading: Reading): number | null {
  const event = record.children.find((child) => child.tag === tag)
  const date = event?.children.find((child) => child.tag === 'DATE')
  const year = date === undefined ? null : dateYear(tidy(date.value))
  if (date === undefined || year === null) return null
  reading.reject(date, 'only its year was kept, to sort by')
  return year
}
