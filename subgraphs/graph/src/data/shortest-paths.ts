import type { PersonId } from '../domain/ids.js'
import type { Hop, PathLimits, ShortestPaths, Via } from '../domain/ports.js'

export type Neighbours = (ids: readonly PersonId[]) => Promise<readonly Hop[]>

/**
 * Breadth first from both ends, a whole level at a time, the smaller frontier first.
 * Invariant: each side knows everybody within its depth, by distance, and every hop that leads to
 * them from one step nearer; the sides have nobody in common. So the first level that meets the
 * other side's frontier completes the shortest paths, and all of them pass through that meeting.
 */
export async function findShortestPaths(
  fromId: PersonId,
  toId: PersonId,
  { maxSteps, maxPeople }: PathLimits,
  neighbours: Neighbours,
): Promise<ShortestPaths> {
  const near = startSide(fromId)
  const far = startSide(toId)
  while (near.levels.length + far.levels.length < maxSteps) {
    const [side, other] = near.frontier.size <= far.frontier.size ? [near, far] : [far, near]
    await expand(side, neighbours)
    if (side.frontier.size === 0) return { levels: [], truncated: false }
    const meeting = [...side.frontier].filter((id) => other.frontier.has(id))
    if (meeting.length > 0) return { levels: joined(near, far, meeting), truncated: false }
    if (near.seen.size + far.seen.size > maxPeople) return { levels: [], truncated: true }
  }
  return { levels: [], truncated: true }
}

interface Side {
  readonly seen: Set<PersonId>
  frontier: ReadonlySet<PersonId>
  /** Hops away from this side's end, by distance. */
  readonly levels: (readonly Hop[])[]
}

function startSide(id: PersonId): Side {
  return { seen: new Set([id]), frontier: new Set([id]), levels: [] }
}

async function expand(side: Side, neighbours: Neighbours): Promise<void> {
  const hops = (await neighbours([...side.frontier])).filter((hop) => !side.seen.has(hop.toId))
  side.frontier = new Set(hops.map((hop) => hop.toId))
  for (const id of side.frontier) side.seen.add(id)
  side.levels.push(hops)
}

function joined(near: Side, far: Side, meeting: readonly PersonId[]): readonly (readonly Hop[])[] {
  const beforeMeeting = leadingTo(near.levels, meeting)
  const afterMeeting = leadingTo(far.levels, meeting)
  return [...beforeMeeting, ...afterMeeting.map((hops) => hops.map(reversed)).toReversed()]
}

/** Only those hops from which the meeting is reached. */
function leadingTo(
  levels: readonly (readonly Hop[])[],
  meeting: readonly PersonId[],
): readonly (readonly Hop[])[] {
  const kept: (readonly Hop[])[] = []
  let wanted = new Set(meeting)
  for (const hops of levels.toReversed()) {
    const leading = hops.filter((hop) => wanted.has(hop.toId))
    wanted = new Set(leading.map((hop) => hop.fromId))
    kept.push(leading)
  }
  return kept.toReversed()
}

const opposite: Readonly<Record<Via, Via>> = {
  parent: 'child',
  child: 'parent',
  partner: 'partner',
}

function reversed({ fromId, via, toId }: Hop): Hop {
  return { fromId: toId, via: opposite[via], toId: fromId }
}
