import { expect, it } from 'vitest'
import type { StoryId } from '../../domain/ids.js'
import type { GraphAdapter } from '../../domain/ports.js'
import { plant, tie } from '../../testing/random-family.js'
import { newId } from '../../testing/rig.js'

/** What a GraphAdapter promises to tenants. */
export function tenantsContract(fresh: () => GraphAdapter): void {
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
        expect(
          (await stranger.kindred(id, direction, { maxGenerations: 25, maxPeople: 2_000 })).members,
        ).toEqual([])
    }
    expect(await stranger.bloodLines(ids, 5)).toEqual([])
    expect(
      (await stranger.shortestPaths(one.id, other.id, { maxSteps: 60, maxPeople: 20_000 })).levels,
    ).toEqual([])
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
    await expect(linking).rejects.toBeInstanceOf(Error)
    const tying = stranger.change((writer) =>
      writer.insertRelationships([tie('PARTNER', one, other)]),
    )
    await expect(tying).rejects.toBeInstanceOf(Error)
  })
}
