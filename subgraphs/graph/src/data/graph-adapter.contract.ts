import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DomainEvent } from '@heirloom/events'
import type { TenantContext } from '@heirloom/tenancy'
import { testTenant } from '@heirloom/testkit'
import type { PersonId, StoryId } from '../domain/ids.js'
import type { Person } from '../domain/person.js'
import type { GraphAdapter, Kindred } from '../domain/ports.js'
import { familyModel, hopKey } from '../testing/family-model.js'
import { familyPlans, person, plant, tie } from '../testing/random-family.js'
import { newId } from '../testing/rig.js'

/** What the contract needs of a backend: its adapter for a tenant, and what it announced. */
export interface GraphBackend {
  adapter(context: TenantContext): GraphAdapter
  events(context: TenantContext): Promise<readonly DomainEvent[]>
  close(): Promise<void>
}

const wide = { maxGenerations: 25, maxPeople: 2_000 }
const far = { maxSteps: 60, maxPeople: 20_000 }
const randomFamilies = 40

/** What every GraphAdapter promises, whatever it stands on. */
export function graphAdapterContract(name: string, start: () => Promise<GraphBackend>): void {
  describe(`GraphAdapter on ${name}`, () => {
    let backend: GraphBackend
    beforeAll(async () => {
      backend = await start()
    })
    afterAll(() => backend.close())

    const fresh = (): GraphAdapter => backend.adapter(testTenant())

    async function line(graph: GraphAdapter, length: number): Promise<readonly Person[]> {
      const parents = Array.from({ length: length - 1 }, (_, at) => [at, at + 1] as const)
      return (await plant(graph, { size: length, parents, partners: [] })).people
    }

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
        await expect(joined).rejects.toThrow()
        expect(await graph.people([one.id, other.id])).toEqual([])
      })

      it('are walked downwards without end for the search for circles', async () => {
        const graph = fresh()
        const people = await line(graph, 30)
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

    describe('walks', () => {
      it('agree with a family in memory, for ancestors, descendants and shortest paths', async () => {
        await fc.assert(
          fc.asyncProperty(familyPlans, async (plan) => {
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
            expect(new Set(levels.flat().map(hopKey))).toEqual(
              model.shortestHops(first.id, last.id),
            )
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
        const people = await line(graph, 5)
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
        const people = await line(graph, 6)
        const bottom = people.at(-1)?.id as PersonId
        const cut = await graph.kindred(bottom, 'ancestors', { maxGenerations: 25, maxPeople: 3 })
        expect(cut.members.map((member) => member.person)).toEqual(people.slice(2, 5).toReversed())
        expect(cut.truncated).toBe(true)
        const just = await graph.kindred(bottom, 'ancestors', { maxGenerations: 25, maxPeople: 5 })
        expect(just.truncated).toBe(false)
      })

      it('find no path beyond the steps allowed, and say that they were cut off', async () => {
        const graph = fresh()
        const people = await line(graph, 8)
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

    describe('a change', () => {
      const added = (somebody: Person) => ({
        type: 'PersonAdded',
        version: 1,
        resource: { kind: 'Person', id: somebody.id },
        payload: { legacy_id: somebody.legacyId, person_id: somebody.id, name: somebody.name },
      })

      it('commits what it wrote together with what it announced', async () => {
        const context = testTenant()
        const somebody = person()
        await backend.adapter(context).change(async (writer) => {
          await writer.insertPeople([somebody])
          await writer.announce([added(somebody)])
        })
        expect(await backend.events(context)).toMatchObject([
          { ...added(somebody), tenant_id: context.tenantId, correlation_id: context.requestId },
        ])
      })

      it('leaves nothing behind when it throws', async () => {
        const context = testTenant()
        const somebody = person()
        const graph = backend.adapter(context)
        const failing = graph.change(async (writer) => {
          await writer.insertPeople([somebody])
          await writer.announce([added(somebody)])
          throw new Error('after all')
        })
        await expect(failing).rejects.toThrow('after all')
        expect(await graph.people([somebody.id])).toEqual([])
        expect(await backend.events(context)).toEqual([])
      })

      it('runs once per key, and refuses the key for something else', async () => {
        const graph = fresh()
        const run = (input: string, result: string): Promise<string> =>
          graph.change((writer) =>
            writer.once({ operation: 'op', key: 'k', input }, () => Promise.resolve(result)),
          )
        expect(await run('a', 'first')).toBe('first')
        expect(await run('a', 'second')).toBe('first')
        await expect(run('b', 'third')).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' })
      })

      it('waits for the lock of its legacy, and then sees what the former holder wrote', async () => {
        const graph = fresh()
        const somebody = person()
        const first = deferred()
        const locked = deferred()
        const writing = graph.change(async (writer) => {
          await writer.lock(somebody.legacyId)
          locked.resolve()
          await first.promise
          await writer.insertPeople([somebody])
        })
        await locked.promise
        const reading = graph.change(async (writer) => {
          await writer.lock(somebody.legacyId)
          return writer.people([somebody.id])
        })
        const elsewhere = graph.change((writer) => writer.lock(person().legacyId))
        await elsewhere
        first.resolve()
        await writing
        expect(await reading).toEqual([somebody])
      })
    })

    it('shows another tenant nothing, whatever it asks for', async () => {
      const graph = fresh()
      const { people, ties } = await plant(graph, {
        size: 3,
        parents: [[0, 1]],
        partners: [[1, 2]],
      })
      const story = newId() as string as StoryId
      const [one, other] = people
      if (one === undefined || other === undefined) throw new Error('three people were planted')
      await graph.change(async (writer) => {
        await writer.linkStory(one, story)
        await writer.nameExternally(one.legacyId, 's', [{ externalId: 'I', personId: one.id }])
      })
      const ids = people.map(({ id }) => id)
      const stranger = fresh()
      expect(await stranger.people(ids)).toEqual([])
      expect(await stranger.listPeople({ after: undefined, limit: 10 })).toEqual([])
      const page = { after: undefined, limit: 10 }
      expect(await stranger.peopleOfLegacies([one.legacyId], page)).toEqual([])
      expect(await stranger.relationships(ties.map(({ id }) => id))).toEqual([])
      for (const read of ['parents', 'children', 'partners'] as const) {
        expect(await stranger[read](ids)).toEqual([])
      }
      for (const direction of ['ancestors', 'descendants'] as const) {
        for (const id of ids)
          expect((await stranger.kindred(id, direction, wide)).members).toEqual([])
      }
      expect(await stranger.bloodLines(ids, 5)).toEqual([])
      expect((await stranger.shortestPaths(one.id, other.id, far)).levels).toEqual([])
      expect(await stranger.storiesOfPeople(ids)).toEqual([])
      expect(await stranger.peopleOfStories([story])).toEqual([])
      await stranger.change(async (writer) => {
        expect(await writer.people(ids)).toEqual([])
        expect(await writer.externalPeople(one.legacyId, 's', ['I'])).toEqual([])
        for (const known of ties) expect(await writer.relationship(known)).toBeNull()
        expect(await writer.parentEdgesBelow(ids)).toEqual([])
        await writer.updatePeople([{ ...one, name: 'Mallory' }])
      })
      expect(await graph.people([one.id])).toEqual([one])
      const linking = stranger.change((writer) => writer.linkStory(one, story))
      await expect(linking).rejects.toThrow()
      const tying = stranger.change((writer) =>
        writer.insertRelationships([tie('PARTNER', one, other)]),
      )
      await expect(tying).rejects.toThrow()
    })
  })
}

function generations({ members }: Kindred): ReadonlyMap<PersonId, number> {
  return new Map(members.map(({ person, generation }) => [person.id, generation]))
}

function deferred(): { readonly promise: Promise<void>; resolve(): void } {
  let settle = (): void => undefined
  const promise = new Promise<void>((resolve) => {
    settle = resolve
  })
  return { promise, resolve: () => settle() }
}
