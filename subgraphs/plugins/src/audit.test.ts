import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readAuditLog, testTenant, type GraphQLClient } from '@heirloom/testkit'
import { startPluginsRig, type PluginsRig } from './testing/rig.js'

let rig: PluginsRig
beforeAll(async () => {
  rig = await startPluginsRig()
})
afterAll(() => rig.close())

async function register(gql: GraphQLClient, version: string): Promise<string | undefined> {
  const input = {
    name: 'letter-translator',
    version,
    baseUrl: 'https://translator.example.com/v1',
    capabilities: [],
  }
  const { data } = await gql<{ registerPlugin: { plugin: { id: string } } }>(
    'mutation ($input: RegisterPluginInput!) { registerPlugin(input: $input) { plugin { id } } }',
    { input },
  )
  return data?.registerPlugin.plugin.id
}

describe('the audit log of the plugins', () => {
  it('tells of registrations that changed something, and of those that were denied', async () => {
    const owner = testTenant()
    const gql = await rig.as(owner)
    const id = await register(gql, '1.0.0')
    await register(gql, '1.0.0')
    await register(gql, '1.1.0')
    const editor = testTenant({ tenantId: owner.tenantId, roles: ['editor'] })
    const theirs = await rig.as(editor)
    await register(theirs, '2.0.0')
    const told = await readAuditLog(gql, 'plugins')
    expect(told.map(({ actor, resource, outcome }) => [actor, resource, outcome])).toEqual([
      [`user:${owner.actor.id}`, { kind: 'Plugin', id }, 'DONE'],
      [`user:${owner.actor.id}`, { kind: 'Plugin', id }, 'DONE'],
      [`user:${editor.actor.id}`, { kind: 'Plugin', id: null }, 'DENIED'],
    ])
    await expect(readAuditLog(theirs, 'plugins')).rejects.toThrow('FORBIDDEN')
    expect(await readAuditLog(await rig.as(testTenant()), 'plugins')).toEqual([])
  })
})
