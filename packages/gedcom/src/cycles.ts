import type { TreeRelationship } from './families.js'

/**
 * Groups of people who, by the file, are ancestors of themselves: the strongly connected
 * components of more than one person in the graph of PARENT links. Tarjan's algorithm (1972),
 * iterative, since a line of descent may be longer than the call stack.
 */
export function parentageCycles(relationships: readonly TreeRelationship[]): readonly string[][] {
  const childrenOf = new Map<string, string[]>()
  for (const { kind, from, to } of relationships) {
    if (kind !== 'PARENT') continue
    const children = childrenOf.get(from)
    if (children === undefined) childrenOf.set(from, [to])
    else children.push(to)
  }

  const indexOf = new Map<string, number>()
  const lowest = new Map<string, number>()
  const open = new Set<string>()
  const stack: string[] = []
  const cycles: string[][] = []
  const low = (person: string): number => lowest.get(person) ?? Infinity

  const enter = (person: string): { person: string; next: number } => {
    lowest.set(person, indexOf.size)
    indexOf.set(person, indexOf.size)
    stack.push(person)
    open.add(person)
    return { person, next: 0 }
  }
  const leave = (person: string): void => {
    if (lowest.get(person) !== indexOf.get(person)) return
    const members = stack.splice(stack.lastIndexOf(person))
    for (const member of members) open.delete(member)
    if (members.length > 1) cycles.push(members)
  }

  for (const root of childrenOf.keys()) {
    if (indexOf.has(root)) continue
    const walk = [enter(root)]
    for (let at = walk.at(-1); at !== undefined; at = walk.at(-1)) {
      const child = childrenOf.get(at.person)?.[at.next]
      at.next += 1
      if (child === undefined) {
        leave(at.person)
        walk.pop()
        const parent = walk.at(-1)
        if (parent !== undefined) {
          lowest.set(parent.person, Math.min(low(parent.person), low(at.person)))
        }
      } else if (!indexOf.has(child)) {
        walk.push(enter(child))
      } else if (open.has(child)) {
        lowest.set(at.person, Math.min(low(at.person), indexOf.get(child) ?? Infinity))
      }
    }
  }
  return cycles
}
