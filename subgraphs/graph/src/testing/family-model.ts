import type { PersonId } from '../domain/ids.js'
import type { Hop, Via } from '../domain/ports.js'
import type { Tie } from '../domain/relationship.js'

/**
 * A family in memory, as plain as can be: what the adapters answer is compared with it. Its walks
 * repeat one rule until nothing changes, instead of sharing a shape with the code under test.
 */
export interface FamilyModel {
  /** The smallest generation of everybody above somebody. */
  ancestors(id: PersonId): ReadonlyMap<PersonId, number>
  descendants(id: PersonId): ReadonlyMap<PersonId, number>
  /** Steps of a shortest path over ties of every kind; undefined when there is none. */
  distance(fromId: PersonId, toId: PersonId): number | undefined
  /** Every hop on a shortest path. */
  shortestHops(fromId: PersonId, toId: PersonId): ReadonlySet<string>
}

export function hopKey({ fromId, via, toId }: Hop): string {
  return `${fromId} ${via} ${toId}`
}

export function familyModel(ties: readonly Tie[]): FamilyModel {
  const parent = ties.filter((tie) => tie.kind === 'PARENT')
  const hops: readonly Hop[] = ties.flatMap(({ kind, fromId, toId }) => {
    const [there, back]: readonly [Via, Via] =
      kind === 'PARENT' ? ['child', 'parent'] : ['partner', 'partner']
    return [
      { fromId, via: there, toId },
      { fromId: toId, via: back, toId: fromId },
    ]
  })
  const up = parent.map((tie) => [tie.toId, tie.fromId] as const)
  const down = parent.map((tie) => [tie.fromId, tie.toId] as const)
  const all = hops.map((hop) => [hop.fromId, hop.toId] as const)
  const without = (distances: Map<PersonId, number>, id: PersonId): Map<PersonId, number> => {
    distances.delete(id)
    return distances
  }

  return {
    ancestors: (id) => without(distancesFrom(id, up), id),
    descendants: (id) => without(distancesFrom(id, down), id),
    distance: (fromId, toId) => distancesFrom(fromId, all).get(toId),
    shortestHops: (fromId, toId) => {
      const near = distancesFrom(fromId, all)
      const far = distancesFrom(toId, all)
      const length = near.get(toId) ?? Number.NaN
      const onPath = hops.filter(
        (hop) =>
          (near.get(hop.fromId) ?? Infinity) + 1 + (far.get(hop.toId) ?? Infinity) === length,
      )
      return new Set(onPath.map(hopKey))
    },
  }
}

/** Bellman and Ford's way: relax every edge until no distance shrinks. */
function distancesFrom(
  start: PersonId,
  edges: readonly (readonly [PersonId, PersonId])[],
): Map<PersonId, number> {
  const distances = new Map([[start, 0]])
  for (let changed = true; changed;) {
    changed = false
    for (const [from, to] of edges) {
      const distance = (distances.get(from) ?? Infinity) + 1
      if (distance >= (distances.get(to) ?? Infinity)) continue
      distances.set(to, distance)
      changed = true
    }
  }
  return distances
}
