import { limits } from './limits.js'
import type { ProblemLog } from './problems.js'

/** A pointer from a person or a family to the other, and the line that makes it. */
export interface FamilyPointer {
  readonly side: 'person' | 'family'
  readonly role: 'partner' | 'child'
  readonly person: string
  readonly family: string
  readonly line: number
  /** As the file writes it, for example `1 HUSB @I1@`. */
  readonly text: string
}

export interface Family {
  readonly xref: string
  /** Husbands and wives in the order of the file. */
  readonly partners: readonly string[]
  readonly children: readonly string[]
}

export interface TreeRelationship {
  /** PARENT: from is a parent of to. PARTNER: the two are or were a couple. */
  readonly kind: 'PARENT' | 'PARTNER'
  readonly from: string
  readonly to: string
}

export interface KnownRecords {
  /** The tag of the record with this identifier, when there is one. */
  tagOf(xref: string): string | undefined
}

interface Drafted {
  partners: Map<string, Set<FamilyPointer['side']>>
  children: Map<string, Set<FamilyPointer['side']>>
}

/**
 * Families from both sides: GEDCOM says every link twice, once in the family (HUSB, WIFE, CHIL)
 * and once in the person (FAMS, FAMC). Either side is enough; where only one says it, the link
 * is kept and the disagreement reported. Pointers to people that do not exist are reported and
 * dropped. A family whose record is missing still holds together those who point to it.
 */
export function joinFamilies(
  pointers: readonly FamilyPointer[],
  known: KnownRecords,
  problems: ProblemLog,
): readonly Family[] {
  const families = new Map<string, Drafted>()
  const firstPointer = new Map<string, FamilyPointer>()
  // The family's own side first: it tells husband from wife, and the order of the children.
  const bySide = (side: FamilyPointer['side']) => pointers.filter((one) => one.side === side)
  for (const pointer of [...bySide('family'), ...bySide('person')]) {
    if (!resolves(pointer, known, problems)) continue
    const family = families.get(pointer.family) ?? { partners: new Map(), children: new Map() }
    families.set(pointer.family, family)
    const members = pointer.role === 'partner' ? family.partners : family.children
    const sides = members.get(pointer.person) ?? new Set()
    members.set(pointer.person, sides.add(pointer.side))
    const key = `${pointer.role}/${pointer.family}/${pointer.person}`
    if (!firstPointer.has(key)) firstPointer.set(key, pointer)
  }

  for (const [xref, family] of families) {
    if (known.tagOf(xref) !== 'FAM') continue
    for (const role of ['partner', 'child'] as const) {
      for (const [person, sides] of role === 'partner' ? family.partners : family.children) {
        const pointer = firstPointer.get(`${role}/${xref}/${person}`)
        if (sides.size === 1 && pointer !== undefined) problems.add(disagreement(pointer))
      }
    }
  }
  return [...families].map(([xref, { partners, children }]) => ({
    xref,
    partners: [...partners.keys()],
    children: [...children.keys()],
  }))
}

function resolves(pointer: FamilyPointer, known: KnownRecords, problems: ProblemLog): boolean {
  const [target, wanted] =
    pointer.side === 'family' ? [pointer.person, 'INDI'] : [pointer.family, 'FAM']
  const tag = known.tagOf(target)
  if (tag === wanted) return true
  const missing = tag === undefined
  const reason = missing
    ? `there is no record @${target}@`
    : `@${target}@ is a ${tag} record, where ${wanted} is expected`
  problems.add({ kind: 'dangling-xref', line: pointer.line, text: pointer.text, reason })
  return missing && pointer.side === 'person'
}

function disagreement({ side, role, person, family, line, text }: FamilyPointer) {
  const [here, there] = side === 'family' ? [family, person] : [person, family]
  return {
    kind: 'disagreement' as const,
    line,
    text,
    reason: `@${here}@ names @${there}@ as its ${nameOf(side, role)}, but @${there}@ does not say so; the link was kept`,
  }
}

function nameOf(side: FamilyPointer['side'], role: FamilyPointer['role']): string {
  if (side === 'family') return role
  return role === 'partner' ? 'family as a partner' : 'family as a child'
}

/** Every two partners are a couple, and each partner is a parent of each child; each link once. */
export function relationshipsOf(
  families: readonly Family[],
  problems: ProblemLog,
): readonly TreeRelationship[] {
  const found = new Map<string, TreeRelationship>()
  const selfLink = (family: Family, person: string, what: string): void =>
    problems.add({
      kind: 'structure',
      line: 0,
      text: `0 @${family.xref}@ FAM`,
      reason: `@${person}@ is ${what}; the link was dropped`,
    })

  for (const family of families) {
    const partners = family.partners.slice(0, limits.partnersPerFamily)
    if (partners.length < family.partners.length) {
      problems.add({
        kind: 'structure',
        line: 0,
        text: `0 @${family.xref}@ FAM`,
        reason: `the family has ${family.partners.length} partners; the first ${partners.length} were taken`,
      })
    }
    for (const [index, from] of partners.entries()) {
      for (const to of partners.slice(index + 1)) {
        const key = `PARTNER ${[from, to].sort().join(' ')}`
        if (!found.has(key)) found.set(key, { kind: 'PARTNER', from, to })
      }
      for (const to of family.children) {
        if (from === to) selfLink(family, from, 'partner and child of the same family')
        else found.set(`PARENT ${from} ${to}`, { kind: 'PARENT', from, to })
      }
    }
  }
  return [...found.values()]
}
