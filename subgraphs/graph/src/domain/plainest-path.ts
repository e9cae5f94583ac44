import type { PersonId } from './ids.js'
import type { Hop } from './ports.js'

interface Arrival {
  readonly hop: Hop
  readonly stretches: number
  readonly before: Arrival | null
}

/**
 * Of all shortest paths the one with the fewest stretches (marriages and turns of a bloodline),
 * since that is the one with the plainest name; then the one with the smaller ids. `levels` holds
 * every hop of every shortest path, by its distance from the start.
 */
export function plainestPath(levels: readonly (readonly Hop[])[]): readonly Hop[] {
  let arrivals: readonly Arrival[] = []
  for (const [level, hops] of levels.entries()) {
    const reached = byPlace(arrivals)
    const best = new Map<string, Arrival>()
    for (const hop of hops.toSorted(compareHops)) {
      for (const before of level === 0 ? [null] : (reached.get(hop.fromId) ?? [])) {
        const stretches = (before?.stretches ?? 0) + (startsStretch(before?.hop, hop) ? 1 : 0)
        const key = `${hop.toId} ${hop.via}`
        if (stretches < (best.get(key)?.stretches ?? Infinity)) {
          best.set(key, { hop, stretches, before })
        }
      }
    }
    arrivals = [...best.values()]
  }
  const end = arrivals.reduce<Arrival | null>(
    (least, next) => (least === null || next.stretches < least.stretches ? next : least),
    null,
  )
  const path: Hop[] = []
  for (let at: Arrival | null = end; at !== null; at = at.before) path.push(at.hop)
  return path.toReversed()
}

function byPlace(arrivals: readonly Arrival[]): ReadonlyMap<PersonId, readonly Arrival[]> {
  const places = new Map<PersonId, Arrival[]>()
  for (const arrival of arrivals) {
    const there = places.get(arrival.hop.toId)
    if (there === undefined) places.set(arrival.hop.toId, [arrival])
    else there.push(arrival)
  }
  return places
}

function startsStretch(last: Hop | undefined, { via }: Hop): boolean {
  if (last === undefined || via === 'partner' || last.via === 'partner') return true
  return via === 'parent' && last.via === 'child'
}

function compareHops(a: Hop, b: Hop): number {
  return compare(a.fromId, b.fromId) || compare(a.toId, b.toId) || compare(a.via, b.via)
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
