import { describe, expect, it } from 'vitest'
import type { PersonId } from '../../domain/ids.js'
import type { Person } from '../../domain/person.js'
import type { GraphAdapter } from '../../domain/ports.js'
import { person, plant } from '../../testing/random-family.js'
import { newId } from '../../testing/rig.js'

/** What a GraphAdapter promises of people. */
export function peopleContract(fresh: () => GraphAdapter): void {
  describe('people', () => {
    it('are read as they were written, facts and gaps alike', async () => {
      const graph = fresh()
      const full = person({
        name: 'Charlotte Brontë',
        givenName: 'Charlotte',
        surname: 'Brontë',
        title: 'Miss',
        sex: 'FEMALE',
        birth: { date: '21 APR 1816', year: 1816, place: 'Thornton' },
        death: { date: null, year: -44, place: null },
      })
      const bare = person()
      await graph.change((writer) => writer.insertPeople([full, bare]))
      const found = await graph.people([full.id, bare.id, newId() as string as PersonId])
      expect(found).toHaveLength(2)
      expect(found).toEqual(expect.arrayContaining([full, bare]))
    })

    it('are listed in the order of ids, page by page, by legacy and by part of the name', async () => {
      const graph = fresh()
      const { people } = await plant(graph, { size: 5, parents: [], partners: [] })
      const other = person({ name: '100% O’Neill_' })
      await graph.change((writer) => writer.insertPeople([other]))
      const legacyId = people[0]?.legacyId
      const list = (query: object): Promise<readonly Person[]> =>
        graph.listPeople({ after: undefined, limit: 100, ...query })
      expect(await list({})).toEqual([...people, other])
      expect(await list({ legacyId })).toEqual(people)
      expect(await list({ limit: 2, after: people[1]?.id })).toEqual(people.slice(2, 4))
      expect(await list({ searchName: 'son 3' })).toEqual([people[3]])
      expect(await list({ searchName: '100% o’neill_' })).toEqual([other])
      for (const wildcard of ['person_3', 'per%3', '\\', '%%']) {
        expect(await list({ searchName: wildcard })).toEqual([])
      }
      expect(await list({ searchName: '%' })).toEqual([other])
    })

    it('are listed for several legacies at once, a page for each', async () => {
      const graph = fresh()
      const one = await plant(graph, { size: 3, parents: [], partners: [] })
      const two = await plant(graph, { size: 3, parents: [], partners: [] })
      const ids = [one, two].flatMap(({ people }) => people[0]?.legacyId ?? [])
      const found = await graph.peopleOfLegacies(ids, { after: undefined, limit: 2 })
      expect(found).toEqual([...one.people.slice(0, 2), ...two.people.slice(0, 2)])
      const after = one.people[0]?.id
      const rest = await graph.peopleOfLegacies(ids.slice(0, 1), { after, limit: 9 })
      expect(rest).toEqual(one.people.slice(1))
    })

    it('keep their id when their facts are replaced', async () => {
      const graph = fresh()
      const before = person({ name: 'Ann' })
      const after = { ...before, name: 'Anne', sex: 'FEMALE' as const }
      await graph.change(async (writer) => {
        await writer.insertPeople([before])
        await writer.updatePeople([after, person()])
      })
      expect(await graph.people([before.id])).toEqual([after])
      const query = { after: undefined, limit: 10, searchName: 'anne' }
      expect(await graph.listPeople(query)).toEqual([after])
    })

    it('are found by the name that a source has for them, within their legacy', async () => {
      const graph = fresh()
      const ann = person()
      const { legacyId } = ann
      await graph.change(async (writer) => {
        await writer.insertPeople([ann])
        await writer.nameExternally(legacyId, 'a.ged', [{ externalId: 'I1', personId: ann.id }])
        const found = await writer.externalPeople(legacyId, 'a.ged', ['I1', 'I2'])
        expect(found).toEqual([{ externalId: 'I1', person: ann }])
        expect(await writer.externalPeople(legacyId, 'b.ged', ['I1'])).toEqual([])
        expect(await writer.externalPeople(person().legacyId, 'a.ged', ['I1'])).toEqual([])
      })
    })
  })
}
