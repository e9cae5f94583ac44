import type { PersonId } from './ids.js'
import type { ParentEdge } from './lineage.js'
import type { Hop } from './ports.js'

/** Who somebody's recorded parents are. */
export type ParentsOf = (id: PersonId) => readonly PersonId[]

/**
 * The shortest way from one person up to a common ancestor and down to the other, or null when
 * the edges show none. Of equally short ways one over two common ancestors (a couple) is taken
 * before one over a single one, then the one whose longer side is shorter, then the smaller id.
 */
export function nearestBloodPath(
  fromId: PersonId,
  toId: PersonId,
  edges: readonly ParentEdge[],
): readonly Hop[] | null {
  const parentsOf = parentsFrom(edges)
  const above = lineAbove(fromId, parentsOf)
  const aboveOther = lineAbove(toId, parentsOf)
  const ways = [...above.keys()]
    .flatMap((apex) => wayOver(apex, above, aboveOther, parentsOf))
    .sort(
      (a, b) =>
        a.length - b.length ||
        Number(a.half) - Number(b.half) ||
        a.longerSide - b.longerSide ||
        (a.apex < b.apex ? -1 : 1),
    )
  const best = ways[0]
  if (best === undefined) return null
  const rising = chain(best.apex, above).toReversed()
  const falling = chain(best.apex, aboveOther)
  return [...hops(rising, 'parent'), ...hops(falling, 'child')]
}

export function parentsFrom(edges: readonly ParentEdge[]): ParentsOf {
  const parents = new Map<PersonId, PersonId[]>()
  for (const { parentId, childId } of edges) {
    const known = parents.get(childId)
    if (known === undefined) parents.set(childId, [parentId])
    else known.push(parentId)
  }
  return (id) => parents.get(id) ?? []
}

/**
 * True when two children of one person are known to have no second parent in common. With a
 * parent missing in the record nobody can tell, and they count as full siblings.
 */
export function knownHalfSiblings(a: readonly PersonId[], b: readonly PersonId[]): boolean {
  return a.length >= 2 && b.length >= 2 && a.filter((parent) => b.includes(parent)).length < 2
}

interface Ancestor {
  readonly generation: number
  /** The child through which the ancestor was reached first; null for the person itself. */
  readonly through: PersonId | null
}

function lineAbove(id: PersonId, parentsOf: ParentsOf): ReadonlyMap<PersonId, Ancestor> {
  const line = new Map<PersonId, Ancestor>([[id, { generation: 0, through: null }]])
  // A Map is walked in the order of insertion, additions included: breadth first.
  for (const [child, { generation }] of line) {
    for (const parent of parentsOf(child)) {
      if (!line.has(parent)) line.set(parent, { generation: generation + 1, through: child })
    }
  }
  return line
}

interface Way {
  readonly apex: PersonId
  readonly length: number
  readonly longerSide: number
  readonly half: boolean
}

function wayOver(
  apex: PersonId,
  above: ReadonlyMap<PersonId, Ancestor>,
  aboveOther: ReadonlyMap<PersonId, Ancestor>,
  parentsOf: ParentsOf,
): readonly Way[] {
  const one = above.get(apex)
  const other = aboveOther.get(apex)
  if (one === undefined || other === undefined) return []
  const half =
    one.through !== null &&
    other.through !== null &&
    knownHalfSiblings(parentsOf(one.through), parentsOf(other.through))
  return [
    {
      apex,
      length: one.generation + other.generation,
      longerSide: Math.max(one.generation, other.generation),
      half,
    },
  ]
}

/** From the apex down to the person whose line it is. */
function chain(apex: PersonId, line: ReadonlyMap<PersonId, Ancestor>): PersonId[] {
  const ids: PersonId[] = []
  for (let id: PersonId | null = apex; id !== null; id = line.get(id)?.through ?? null) ids.push(id)
  return ids
}

function hops(ids: readonly PersonId[], via: 'parent' | 'child'): readonly Hop[] {
  return ids.slice(1).map((toId, index) => ({ fromId: ids[index] ?? toId, via, toId }))
}
