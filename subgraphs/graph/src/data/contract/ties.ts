import { describe, expect, it } from 'vitest'
import type { StoryId } from '../../domain/ids.js'
import type { GraphAdapter } from '../../domain/ports.js'
import { person, plant, plantLine, tie } from '../../testing/random-family.js'
import { newId } from '../../testing/rig.js'

/** What a GraphAdapter promises of ties between people, and to stories. */
export function tiesContract(fresh: () => GraphAdapter): void {
  describe('ties', () => {
    it('are read from both ends, for many people at once', async () => {
      const graph = fresh()
      const legacyId = person().legacyId
      const born = (year: number) => ({ date: null, year, place: null })
      const mother = person({ legacyId })
      const father = person({ legacyId })
      const younger = person({ legacyId, birth: born(1820) })
      const elder = person({ legacyId, birth: born(1816) })
      const ties = [
        tie('PARTNER', father, mother),
        ...[younger, elder].map((child) => tie('PARENT', mother, child)),
        tie('PARENT', father, elder),
      ]
      await graph.change(async (writer) => {
        await writer.insertPeople([mother, father, younger, elder])
        expect(await writer.insertRelationships(ties)).toHaveLength(4)
      })
      const children = await graph.children([father.id, mother.id])
      expect(children.filter(({ of }) => of === mother.id).map((tie) => tie.person)).toEqual([
        elder,
        younger,
      ])
      expect(children.filter(({ of }) => of === father.id).map((tie) => tie.person)).toEqual([
        elder,
      ])
      expect(await graph.parents([elder.id])).toEqual([
        { of: elder.id, person: mother },
        { of: elder.id, person: father },
      ])
      expect(await graph.partners([mother.id, father.id])).toEqual(
        expect.arrayContaining([
          { of: mother.id, person: father },
          { of: father.id, person: mother },
        ]),
      )
      const first = ties[0]
      expect(await graph.relationships(first === undefined ? [] : [first.id])).toEqual([first])
    })

    it('are kept once: adding a known one tells nothing new', async () => {
      const graph = fresh()
      const { people, ties } = await plant(graph, {
        size: 2,
        parents: [[0, 1]],
        partners: [[0, 1]],
      })
      const [one, other] = people
      if (one === undefined || other === undefined) throw new Error('two people were planted')
      const again = [tie('PARENT', one, other), tie('PARTNER', other, one)]
      await graph.change(async (writer) => {
        expect(await writer.insertRelationships(again)).toEqual([])
        for (const known of ties) expect(await writer.relationship(known)).toEqual(known)
      })
    })

    it('never join people of different legacies', async () => {
      const graph = fresh()
      const [one, other] = [person(), person()]
      const joined = graph.change(async (writer) => {
        await writer.insertPeople([one, other])
        await writer.insertRelationships([tie('PARENT', one, other)])
      })
      await expect(joined).rejects.toBeInstanceOf(Error)
      expect(await graph.people([one.id, other.id])).toEqual([])
    })

    it('are walked downwards without end for the search for circles', async () => {
      const graph = fresh()
      const people = await plantLine(graph, 30)
      const [top, bottom] = [people[0], people.at(-1)]
      if (top === undefined || bottom === undefined) throw new Error('a line was planted')
      await graph.change(async (writer) => {
        expect(await writer.parentEdgesBelow([top.id])).toHaveLength(29)
        expect(await writer.parentEdgesBelow([bottom.id])).toEqual([])
        await writer.insertRelationships([tie('PARENT', bottom, top)])
        expect(await writer.parentEdgesBelow([bottom.id])).toHaveLength(30)
      })
    })
  })

  describe('stories', () => {
    it('are linked once, and read from both sides', async () => {
      const graph = fresh()
      const { people } = await plant(graph, { size: 2, parents: [], partners: [] })
      const [one, other] = people
      if (one === undefined || other === undefined) throw new Error('two people were planted')
      const [first, second] = [newId() as string as StoryId, newId() as string as StoryId]
      await graph.change(async (writer) => {
        expect(await writer.linkStory(one, first)).toBe(true)
        expect(await writer.linkStory(one, first)).toBe(false)
        expect(await writer.linkStory(other, first)).toBe(true)
        expect(await writer.linkStory(one, second)).toBe(true)
      })
      expect(await graph.storiesOfPeople([one.id])).toEqual([
        { personId: one.id, storyId: first },
        { personId: one.id, storyId: second },
      ])
      expect(await graph.peopleOfStories([first, second])).toEqual([
        { storyId: first, person: one },
        { storyId: second, person: one },
        { storyId: first, person: other },
      ])
    })
  })
}
