import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readAuditLog, testTenant } from '@heirloom/testkit'
import { addPerson, addRelationship, importTree, linkPersonToStory } from './testing/operations.js'
import { startGraphRig, type GraphRig } from './testing/rig.js'

let rig: GraphRig
beforeAll(async () => {
  rig = await startGraphRig()
})
afterAll(() => rig.close())

const source = { ip: '203.0.113.7' }

describe('the audit log of the graph', () => {
  it('tells of every write once, and of none that changed nothing', async () => {
    const owner = testTenant({ source })
    const gql = await rig.as(owner)
    const legacyId = rig.stories.add('Legacy', owner)
    const storyId = rig.stories.add('Story', owner, legacyId)
    const add = async (name: string) => {
      const input = { legacyId, name, idempotencyKey: name }
      const { data } = await gql<{ addPerson: { person: { id: string } } }>(addPerson, { input })
      return data?.addPerson.person.id ?? ''
    }
    const [victoria, albert] = [await add('Victoria'), await add('Albert')]
    await add('Albert')
    const tie = { kind: 'PARTNER', fromId: victoria, toId: albert }
    const related = await gql<{ addRelationship: { relationship: { id: string } } }>(
      addRelationship,
      { input: tie },
    )
    const link = { personId: victoria, storyId }
    const tree = {
      legacyId,
      source: 'a.ged',
      people: [{ externalId: 'I1', name: 'Edward' }],
      relationships: [],
    }
    for (const repeat of [1, 2]) {
      await gql(addRelationship, { input: tie })
      await gql(linkPersonToStory, { input: link })
      const { errors } = await gql(importTree, { input: tree })
      expect([repeat, errors]).toEqual([repeat, undefined])
    }
    const told = await readAuditLog(gql, 'graph')
    expect(told.map(({ action, resource }) => [action, resource.kind, resource.id])).toEqual([
      ['person:write', 'Person', victoria],
      ['person:write', 'Person', albert],
      ['person:write', 'Relationship', related.data?.addRelationship.relationship.id],
      ['person:write', 'Person', victoria],
      ['tree:import', 'Legacy', legacyId],
    ])
    expect(told[0]).toMatchObject({
      actor: `user:${owner.actor.id}`,
      outcome: 'DONE',
      sourceIp: source.ip,
    })
  })

  it('tells of what was denied, and tells it to owners of this tenant alone', async () => {
    const owner = testTenant()
    const legacyId = rig.stories.add('Legacy', owner)
    const viewer = testTenant({ tenantId: owner.tenantId, roles: ['viewer'] })
    const theirs = await rig.as(viewer)
    await theirs(addPerson, { input: { legacyId, name: 'Nobody' } })
    await theirs(importTree, { input: { legacyId, source: 'a', people: [], relationships: [] } })
    const gql = await rig.as(owner)
    await gql(linkPersonToStory, { input: { personId: 'x', storyId: 'y' } })
    const told = await readAuditLog(gql, 'graph')
    expect(told.map(({ action, outcome, code }) => [action, outcome, code])).toEqual([
      ['person:write', 'DENIED', 'FORBIDDEN'],
      ['tree:import', 'DENIED', 'FORBIDDEN'],
      ['person:write', 'DENIED', 'NOT_FOUND'],
    ])
    expect(told[0]?.resource).toEqual({ kind: 'Legacy', id: legacyId })
    await expect(readAuditLog(theirs, 'graph')).rejects.toThrow('FORBIDDEN')
    expect(await readAuditLog(await rig.as(testTenant()), 'graph')).toEqual([])
  })
})
