import { knownHalfSiblings, nearestBloodPath, parentsFrom, type ParentsOf } from './blood-path.js'
import type { PersonId } from './ids.js'
import { kinship, type Kinship } from './kinship.js'
import type { PeopleReader } from './people-reader.js'
import type { Person } from './person.js'
import { plainestPath } from './plainest-path.js'
import type { Hop, Via } from './ports.js'

export interface PersonPath {
  readonly from: Person
  readonly to: Person
  readonly relationship: string
  readonly alsoRelated: readonly string[]
  readonly steps: readonly PersonPathStep[]
  readonly truncated: boolean
}

export interface PersonPathStep {
  readonly person: Person
  readonly via: Via | null
}

/** A common ancestor further up is not looked for by blood; a path over them may still be found. */
export const maxBloodGenerations = 30
export const pathLimits = { maxSteps: 60, maxPeople: 20_000 }

interface NamedPath {
  readonly hops: readonly Hop[]
  readonly people: ReadonlyMap<PersonId, Person>
  readonly kinship: Kinship
}

/**
 * What `to` is to `from`. Kin by blood are named as such, unless one marriage brings the two
 * nearer: spouses who are cousins are spouses, and a granddaughter's husband who is also a distant
 * cousin is the granddaughter's husband. The other relationship is in `alsoRelated`.
 * Null when one of the two, or somebody between them, cannot be read.
 */
export async function personPath(
  reader: PeopleReader,
  fromId: string,
  toId: string,
): Promise<PersonPath | null> {
  const ends = await reader.people([fromId, toId])
  const from = ends.find((person) => person.id === fromId)
  const to = ends.find((person) => person.id === toId)
  if (from === undefined || to === undefined) return null
  if (from.id === to.id) {
    const steps = [{ person: from, via: null }]
    return { from, to, relationship: 'self', alsoRelated: [], steps, truncated: false }
  }
  if (from.legacyId !== to.legacyId) return unrelated(from, to, false)

  const edges = await reader.bloodLines([from.id, to.id], maxBloodGenerations)
  const blood = nearestBloodPath(from.id, to.id, edges)
  const nearer = await reader.shortestPaths(from.id, to.id, {
    maxPeople: pathLimits.maxPeople,
    maxSteps: Math.min(pathLimits.maxSteps, (blood?.length ?? Infinity) - 1),
  })
  const byMarriage = plainestPath(nearer.levels)
  if (blood === null && byMarriage.length === 0) return unrelated(from, to, nearer.truncated)
  return named(reader, from, to, [blood ?? [], byMarriage])
}

function unrelated(from: Person, to: Person, truncated: boolean): PersonPath {
  return { from, to, relationship: 'not related', alsoRelated: [], steps: [], truncated }
}

async function named(
  reader: PeopleReader,
  from: Person,
  to: Person,
  found: readonly (readonly Hop[])[],
): Promise<PersonPath | null> {
  const ids = [...new Set(found.flat().flatMap((hop) => [hop.fromId, hop.toId]))]
  const [people, edges] = await Promise.all([reader.people(ids), reader.bloodLines(ids, 1)])
  if (people.length < ids.length) return null
  const byId = new Map(people.map((person) => [person.id, person]))
  const parentsOf = parentsFrom(edges)
  const [first, ...others] = found
    .filter((hops) => hops.length > 0)
    .map((hops) => ({ hops, people: byId, kinship: kinshipOf(hops, byId, parentsOf) }))
    .sort(byPrecedence)
  if (first === undefined) return null
  return {
    from,
    to,
    relationship: first.kinship.name,
    alsoRelated: others.map((path) => path.kinship.name),
    steps: stepsOf(from, first),
    truncated: false,
  }
}

/** Nearest first; but a relationship over several marriages comes after one by blood. */
function byPrecedence(a: NamedPath, b: NamedPath): number {
  const remote = (path: NamedPath): number =>
    path.kinship.named || path.kinship.stretches <= 2 ? 0 : 1
  return remote(a) - remote(b) || a.hops.length - b.hops.length
}

function kinshipOf(
  hops: readonly Hop[],
  people: ReadonlyMap<PersonId, Person>,
  parentsOf: ParentsOf,
): Kinship {
  return kinship(
    hops.map((hop, index) => {
      const before = hops[index - 1]
      const turns = before?.via === 'parent' && hop.via === 'child'
      const half = turns && knownHalfSiblings(parentsOf(before.fromId), parentsOf(hop.toId))
      return { via: hop.via, sex: people.get(hop.toId)?.sex ?? 'UNKNOWN', half }
    }),
  )
}

function stepsOf(from: Person, { hops, people }: NamedPath): readonly PersonPathStep[] {
  return [
    { person: from, via: null },
    ...hops.flatMap(({ toId, via }) => {
      const person = people.get(toId)
      return person === undefined ? [] : [{ person, via }]
    }),
  ]
}
