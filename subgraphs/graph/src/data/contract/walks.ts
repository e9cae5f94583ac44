import { assert, asyncProperty } from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PersonId } from '../../domain/ids.js'
import type { GraphAdapter, Kindred } from '../../domain/ports.js'
import { familyModel, hopKey } from '../../testing/family-model.js'
import { familyPlans, plant, plantLine } from '../../testing/random-family.js'

/** What a GraphAdapter promises of walks through the tree. */
export function walksContract(fresh: () => GraphAdapter): void {
  describe('walks', () => {
    it('agree with a family in memory, for ancestors, descendants and shortest paths', async () => {
      await assert(
        asyncProperty(familyPlans, async (plan) => {
          const graph = fresh()
          const { people, ties } = await plant(graph, plan)
          const model = familyModel(ties)
          const [first, last] = [people[0], people.at(-1)]
          if (first === undefined || last === undefined) return
          for (const { id } of [first, last]) {
            expect(generations(await graph.kindred(id, 'ancestors', wide))).toEqual(
              model.ancestors(id),
            )
            expect(generations(await graph.kindred(id, 'descendants', wide))).toEqual(
              model.descendants(id),
            )
          }
          const { levels, truncated } = await graph.shortestPaths(first.id, last.id, far)
          expect(truncated).toBe(false)
          expect(levels).toHaveLength(model.distance(first.id, last.id) ?? 0)
          expect(new Set(levels.flat().map(hopKey))).toEqual(model.shortestHops(first.id, last.id))
          const lines = await graph.bloodLines([last.id], 30)
          const above = new Set([last.id, ...model.ancestors(last.id).keys()])
          const expected = ties.filter((tie) => tie.kind === 'PARENT' && above.has(tie.toId))
          expect(new Set(lines.map(({ parentId, childId }) => `${parentId} ${childId}`))).toEqual(
            new Set(expected.map((tie) => `${tie.fromId} ${tie.toId}`)),
          )
          expect(lines).toHaveLength(expected.length)
        }),
        { numRuns: randomFamilies },
      )
    })

    it('stop at the generation asked for, and say so only when they cut somebody off', async () => {
      const graph = fresh()
      const people = await plantLine(graph, 5)
      const top = people[0]?.id as PersonId
      const two = await graph.kindred(top, 'descendants', { ...wide, maxGenerations: 2 })
      expect([...generations(two).values()]).toEqual([1, 2])
      expect(two.truncated).toBe(true)
      const all = await graph.kindred(top, 'descendants', { ...wide, maxGenerations: 4 })
      expect(all.members).toHaveLength(4)
      expect(all.truncated).toBe(false)
      expect(await graph.kindred(top, 'ancestors', wide)).toEqual({
        members: [],
        truncated: false,
      })
    })

    it('stop at the number of people asked for, the nearest first', async () => {
      const graph = fresh()
      const people = await plantLine(graph, 6)
      const bottom = people.at(-1)?.id as PersonId
      const cut = await graph.kindred(bottom, 'ancestors', { maxGenerations: 25, maxPeople: 3 })
      expect(cut.members.map((member) => member.person)).toEqual(people.slice(2, 5).toReversed())
      expect(cut.truncated).toBe(true)
      const just = await graph.kindred(bottom, 'ancestors', { maxGenerations: 25, maxPeople: 5 })
      expect(just.truncated).toBe(false)
    })

    it('find no path beyond the steps allowed, and say that they were cut off', async () => {
      const graph = fresh()
      const people = await plantLine(graph, 8)
      const [top, bottom] = [people[0]?.id as PersonId, people.at(-1)?.id as PersonId]
      const path = (maxSteps: number, maxPeople = 20_000) =>
        graph.shortestPaths(top, bottom, { maxSteps, maxPeople })
      expect((await path(7)).levels).toHaveLength(7)
      expect(await path(6)).toEqual({ levels: [], truncated: true })
      expect(await path(0)).toEqual({ levels: [], truncated: true })
      expect(await path(60, 4)).toEqual({ levels: [], truncated: true })
    })

    it('find no path where there is none, and were not cut off', async () => {
      const graph = fresh()
      const { people } = await plant(graph, { size: 4, parents: [[0, 1]], partners: [[2, 3]] })
      const [one, , three] = people.map(({ id }) => id)
      if (one === undefined || three === undefined) throw new Error('four people were planted')
      expect(await graph.shortestPaths(one, three, far)).toEqual({ levels: [], truncated: false })
    })
  })
}

const wide = { maxGenerations: 25, maxPeople: 2_000 }
const far = { maxSteps: 60, maxPeople: 20_000 }
const randomFamilies = 40

function generations({ members }: Kindred): ReadonlyMap<PersonId, number> {
  return new Map(members.map(({ person, generation }) => [person.id, generation]))
}
