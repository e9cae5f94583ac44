import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readAuditLog, testTenant } from '@heirloom/testkit'
import { deeds } from './domain/deeds.js'
import { startStorageRig, type StorageRig } from './testing/rig.js'

let rig: StorageRig
beforeAll(async () => {
  rig = await startStorageRig()
})
afterAll(() => rig.close())

const saveRoute = `mutation ($input: SaveRouteInput!) { saveRoute(input: $input) { route { id } } }`
const startThread = `mutation ($input: StartChatThreadInput!) {
  startChatThread(input: $input) { thread { id } } }`
const deleteThread = `mutation ($input: DeleteChatThreadInput!) {
  deleteChatThread(input: $input) { __typename } }`
const chatRoute = {
  resourceKind: 'chat_store',
  backendType: 'POSTGRES',
  config: { connection: 'main' },
}

describe('the audit log of the storage', () => {
  it('tells of writes to routed stores before they happen, and of what came of those that failed', async () => {
    const owner = testTenant({ source: { ip: '203.0.113.7' } })
    const gql = await rig.main.as(owner)
    const withoutRoute = await gql(startThread, { input: { id: 'thread-1' } })
    expect(withoutRoute.errors).toMatchObject([{ extensions: { code: 'ROUTE_NOT_CONFIGURED' } }])
    const saved = await gql(saveRoute, { input: { ...chatRoute, tenantId: owner.tenantId } })
    expect(saved.errors).toBeUndefined()
    expect((await gql(startThread, { input: { id: 'thread-1' } })).errors).toBeUndefined()
    const viewer = testTenant({ tenantId: owner.tenantId, roles: ['viewer'] })
    const theirs = await rig.main.as(viewer)
    await theirs(deleteThread, { input: { id: 'thread-1' } })

    const told = await readAuditLog(gql, 'storage')
    const thread = { kind: 'ChatThread', id: 'thread-1' }
    expect(
      told.map(({ action, resource, outcome, code }) => [action, resource, outcome, code]),
    ).toEqual([
      ['chat:write', thread, 'BEGUN', null],
      ['chat:write', thread, 'FAILED', 'ROUTE_NOT_CONFIGURED'],
      ['route:write', { kind: 'Route', id: null }, 'BEGUN', null],
      ['chat:write', thread, 'BEGUN', null],
      ['chat:delete', thread, 'BEGUN', null],
      ['chat:delete', thread, 'DENIED', 'FORBIDDEN'],
    ])
    expect(told[0]).toMatchObject({ actor: `user:${owner.actor.id}`, sourceIp: '203.0.113.7' })
    await expect(readAuditLog(theirs, 'storage')).rejects.toThrow('FORBIDDEN')
    expect(await readAuditLog(await rig.main.as(testTenant()), 'storage')).toEqual([])
  })

  it('keeps the routes’ own trail beside it', async () => {
    const owner = testTenant()
    const gql = await rig.main.as(owner)
    await gql(saveRoute, { input: { ...chatRoute, tenantId: owner.tenantId } })
    const { data } = await gql<{ routeAudits: { nodes: unknown[] } }>(
      '{ routeAudits { nodes { __typename } } }',
    )
    expect(data?.routeAudits.nodes).toHaveLength(1)
  })

  it('knows every mutation there is', () => {
    const fields = Object.keys(rig.main.schema.getMutationType()?.getFields() ?? {})
    expect(Object.keys(deeds).toSorted()).toEqual(fields.toSorted())
  })
})
