import type { PersonId } from './ids.js'

export interface ParentEdge {
  readonly parentId: PersonId
  readonly childId: PersonId
}

/**
 * People who would be their own ancestors, each a parent of the next and the last a parent of the
 * first; null when there is no such circle. Linear in the number of edges, and not recursive.
 */
export function findCircle(edges: readonly ParentEdge[]): readonly PersonId[] | null {
  const children = new Map<PersonId, PersonId[]>()
  for (const { parentId, childId } of edges) {
    const known = children.get(parentId)
    if (known === undefined) children.set(parentId, [childId])
    else known.push(childId)
  }
  const done = new Set<PersonId>()
  for (const start of children.keys()) {
    const circle = done.has(start) ? null : circleBelow(start, children, done)
    if (circle !== null) return circle
  }
  return null
}

function circleBelow(
  start: PersonId,
  children: ReadonlyMap<PersonId, readonly PersonId[]>,
  done: Set<PersonId>,
): readonly PersonId[] | null {
  const line = [{ id: start, next: 0 }]
  const onLine = new Set([start])
  for (let last = line.at(-1); last !== undefined; last = line.at(-1)) {
    const child = children.get(last.id)?.[last.next]
    last.next += 1
    if (child === undefined) {
      done.add(last.id)
      onLine.delete(last.id)
      line.pop()
    } else if (onLine.has(child)) {
      const ids = line.map((step) => step.id)
      return ids.slice(ids.indexOf(child))
    } else if (!done.has(child)) {
      line.push({ id: child, next: 0 })
      onLine.add(child)
    }
  }
  return null
}
