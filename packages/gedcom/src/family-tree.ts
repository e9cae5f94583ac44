import { parentageCycles } from './cycles.js'
import {
  joinFamilies,
  relationshipsOf,
  type Family,
  type FamilyPointer,
  type TreeRelationship,
} from './families.js'
import { readPerson, type TreePerson } from './people.js'
import { createProblemLog, type Problem, type ProblemLog } from './problems.js'
import { createReading } from './reading.js'
import { openGedcom, type GedcomFile, type GedcomRecord } from './records.js'
import { createSkippedLog, type SkippedLines, type SkippedLog } from './skipped.js'

export interface TreeReport {
  readonly encoding: string
  /** The program that wrote the file, and the version of GEDCOM, where the head says so. */
  readonly writtenBy: string | null
  readonly version: string | null
  readonly counts: {
    readonly records: number
    readonly people: number
    readonly families: number
    readonly parentLinks: number
    readonly partnerLinks: number
  }
  /** Everything wrong with the file, in the order in which it was found. */
  readonly problems: readonly Problem[]
  /** How many more problems there were than are listed. */
  readonly problemsLeftOut: number
  /** What the file says that people and relationships do not keep, most frequent first. */
  readonly skipped: readonly SkippedLines[]
}

export interface FamilyTree {
  readonly people: readonly TreePerson[]
  readonly families: readonly Family[]
  readonly relationships: readonly TreeRelationship[]
  readonly report: TreeReport
}

interface Gathered {
  readonly tags: Map<string, string>
  readonly people: TreePerson[]
  readonly pointers: FamilyPointer[]
  readonly header: { writtenBy: string | null; version: string | null }
  records: number
}

/** @throws AppError GEDCOM_INVALID when the bytes are no GEDCOM at all, PAYLOAD_TOO_LARGE */
export function parseFamilyTree(bytes: Uint8Array): FamilyTree {
  const file = openGedcom(bytes)
  return readFamilyTree(file.records, file)
}

/** Reads the records once, in order; nothing but people and links is kept in memory. */
export function readFamilyTree(
  records: Iterable<GedcomRecord>,
  file: Partial<Pick<GedcomFile, 'decoded' | 'problems'>> = {},
): FamilyTree {
  const problems = file.problems ?? createProblemLog()
  const skipped = createSkippedLog()
  const gathered = gather(records, problems, skipped)
  const { people, pointers, tags } = gathered

  const families = joinFamilies(pointers, { tagOf: (xref) => tags.get(xref) }, problems)
  const all = relationshipsOf(families, problems)
  const relationships = withoutCycles(all, people, problems)
  const count = (kind: TreeRelationship['kind']): number =>
    relationships.filter((relationship) => relationship.kind === kind).length

  return {
    people,
    families,
    relationships,
    report: {
      encoding: file.decoded?.encoding ?? 'text',
      ...gathered.header,
      counts: {
        records: gathered.records,
        people: people.length,
        families: [...tags.values()].filter((tag) => tag === 'FAM').length,
        parentLinks: count('PARENT'),
        partnerLinks: count('PARTNER'),
      },
      problems: problems.found,
      problemsLeftOut: problems.leftOut,
      skipped: skipped.list(),
    },
  }
}

function gather(
  records: Iterable<GedcomRecord>,
  problems: ProblemLog,
  skipped: SkippedLog,
): Gathered {
  const gathered: Gathered = {
    tags: new Map(),
    people: [],
    pointers: [],
    header: { writtenBy: null, version: null },
    records: 0,
  }
  let ended = false
  for (const record of records) {
    const wrong = (kind: Problem['kind'], reason: string): void =>
      problems.add({ kind, line: record.line, text: textOf(record), reason })

    gathered.records += 1
    if (ended) wrong('structure', 'stands after TRLR, which ends the file')
    ended ||= record.tag === 'TRLR'
    if (record.xref !== null) {
      const tag = gathered.tags.get(record.xref)
      if (tag !== undefined) {
        wrong(
          'duplicate-xref',
          `@${record.xref}@ is already a ${tag} record; this one was left out`,
        )
        continue
      }
      gathered.tags.set(record.xref, record.tag)
    } else if (record.tag === 'INDI' || record.tag === 'FAM') {
      wrong('structure', 'has no identifier, so that nothing can point to it; it was left out')
      continue
    }
    readRecord(record, gathered, skipped)
  }
  if (!ended) {
    const reason = 'the file does not end with TRLR: it may have been cut short'
    problems.add({ kind: 'structure', line: 0, text: '', reason })
  }
  return gathered
}

function readRecord(record: GedcomRecord, gathered: Gathered, skipped: SkippedLog): void {
  if (record.tag === 'TRLR') return
  const reading = createReading(record, skipped)
  const xref = record.xref ?? ''
  const link = (side: FamilyPointer['side'], role: FamilyPointer['role'], tag: string): void => {
    for (const line of reading.all(record, tag)) {
      if (line.pointer === null) {
        reading.reject(line, 'no pointer to a record')
        continue
      }
      const [person, family] = side === 'person' ? [xref, line.pointer] : [line.pointer, xref]
      gathered.pointers.push({ side, role, person, family, line: line.line, text: textOf(line, 1) })
    }
  }

  if (record.tag === 'INDI') {
    gathered.people.push(readPerson(record, xref, reading))
    link('person', 'partner', 'FAMS')
    link('person', 'child', 'FAMC')
  } else if (record.tag === 'FAM') {
    link('family', 'partner', 'HUSB')
    link('family', 'partner', 'WIFE')
    link('family', 'child', 'CHIL')
  } else if (record.tag === 'HEAD') {
    const source = reading.first(record, 'SOUR')
    const gedcom = reading.first(record, 'GEDC')
    reading.first(record, 'CHAR')
    gathered.header.writtenBy ??= source?.value.trim() ?? null
    if (gedcom !== undefined) {
      gathered.header.version ??= reading.first(gedcom, 'VERS')?.value.trim() ?? null
      reading.first(gedcom, 'FORM')
    }
  } else {
    skipped.add(record.tag, record, 'not kept')
  }
  reading.finish()
}

/** None of the links of a cycle can be trusted, and one of them is wrong: all are left out. */
function withoutCycles(
  relationships: readonly TreeRelationship[],
  people: readonly TreePerson[],
  problems: ProblemLog,
): readonly TreeRelationship[] {
  const cycles = parentageCycles(relationships)
  if (cycles.length === 0) return relationships
  const cycleOf = new Map(cycles.flatMap((members, index) => members.map((xref) => [xref, index])))
  const byXref = new Map(people.map((person) => [person.xref, person]))
  for (const members of cycles) {
    const shown = members.slice(0, 10).map((xref) => `@${xref}@ ${byXref.get(xref)?.name ?? ''}`)
    problems.add({
      kind: 'cycle',
      line: byXref.get(members[0] ?? '')?.line ?? 0,
      text: shown.join(', '),
      reason: `${members.length} people are their own ancestors; the parent links between them were left out`,
    })
  }
  return relationships.filter(({ kind, from, to }) => {
    const cycle = cycleOf.get(from)
    return kind !== 'PARENT' || cycle === undefined || cycle !== cycleOf.get(to)
  })
}

function textOf(record: GedcomRecord, level = 0): string {
  const xref = record.xref === null ? '' : `@${record.xref}@ `
  return `${level} ${xref}${record.tag} ${record.value}`.trimEnd()
}
