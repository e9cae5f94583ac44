import type { FamilyTree, LifeEvent, Sex, SkippedLines, TreePerson } from '@heirloom/gedcom'

/** A person as `importTree` takes it. */
export interface ImportPerson {
  readonly externalId: string
  readonly name: string
  readonly givenName: string | null
  readonly surname: string | null
  readonly title: string | null
  readonly sex: Sex
  readonly birthDate: string | null
  readonly birthYear: number | null
  readonly birthPlace: string | null
  readonly deathDate: string | null
  readonly deathYear: number | null
  readonly deathPlace: string | null
}

const maxNameLength = 300
const maxTextLength = 500

/** People in the API's shape, and what that shape has no room for. */
export function importPeople(tree: FamilyTree): {
  readonly people: readonly ImportPerson[]
  readonly lost: readonly SkippedLines[]
} {
  const lost = createLosses()
  return { people: tree.people.map((person) => importPerson(person, lost)), lost: lost.list() }
}

function importPerson(person: TreePerson, lost: Losses): ImportPerson {
  const fit = (text: string | null, path: string, max: number): string | null => {
    if (text === null || text.length <= max) return text
    lost.add(path, `longer than ${max} characters, and shortened`, person.line, text)
    return shortened(text, max)
  }
  const { birth, death } = person
  if (person.nickname !== null && person.nickname !== person.name) {
    lost.add('INDI.NAME.NICK', 'people keep no nickname', person.line, person.nickname)
  }
  if (death !== null && death.date === null && death.year === null && death.place === null) {
    lost.add('INDI.DEAT', 'a death without date and place is not kept', person.line, person.name)
  }
  return {
    externalId: person.xref,
    name: fit(person.name, 'INDI.NAME', maxNameLength) ?? person.name,
    givenName: fit(person.givenName, 'INDI.NAME', maxNameLength),
    surname: fit(person.surname, 'INDI.NAME', maxNameLength),
    title: fit(person.title, 'INDI.TITL', maxTextLength),
    sex: person.sex,
    birthDate: fit(birth?.date ?? null, 'INDI.BIRT.DATE', maxTextLength),
    birthYear: yearOf(birth),
    birthPlace: fit(birth?.place ?? null, 'INDI.BIRT.PLAC', maxTextLength),
    deathDate: fit(death?.date ?? null, 'INDI.DEAT.DATE', maxTextLength),
    deathYear: yearOf(death),
    deathPlace: fit(death?.place ?? null, 'INDI.DEAT.PLAC', maxTextLength),
  }
}

function yearOf(event: LifeEvent | null): number | null {
  return event?.year ?? null
}

function shortened(text: string, max: number): string {
  return `${text
    .slice(0, max - 1)
    .replace(/[\uD800-\uDBFF]$/, '')
    .trimEnd()}…`
}

interface Losses {
  add(path: string, reason: string, line: number, example: string): void
  list(): readonly SkippedLines[]
}

function createLosses(): Losses {
  const kinds = new Map<string, SkippedLines & { count: number; lines: number[] }>()
  return {
    add: (path, reason, line, text) => {
      const example = text.length > 120 ? shortened(text, 120) : text
      const kind = kinds.get(path + reason) ?? { path, reason, count: 0, lines: [], example }
      kind.count += 1
      if (kind.lines.length < 3) kind.lines.push(line)
      kinds.set(path + reason, kind)
    },
    list: () => [...kinds.values()],
  }
}
