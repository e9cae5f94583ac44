import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeWith, fixedClock } from '@heirloom/testkit'
import type { OpenBackend } from '../backends/backend.js'
import { runCosmos, type RunningCosmos } from '../backends/cosmos/testing/cosmos-rig.js'
import { cosmosRig } from '../backends/cosmos/testing/cosmos-server.js'
import { readVendorId } from '../backends/vendor-id.js'
import type { ResourceKindName } from '../resource-kinds.js'
import { seededKeys } from './testing/seeded-keys.js'

const now = '001735732800000'

/**
 * Container, pk and id of what each store writes, T for the tenant, as the requirements lay them
 * out. Cosmos forbids `#` in ids; ids are shown here with their escapes undone.
 */
const expected: Readonly<Record<ResourceKindName, readonly string[]>> = {
  attribution_store: ['attribution_contracts | table#T#attribution_contracts | mail'],
  budget_store: [
    'records | budget#T#ai | account#',
    'records | budget#T#ai | account#p',
    `records | budget#T#ai | entry#p#${now}#ULID`,
    'records | budget#T#ai | key#p#k',
    'records | budget#T#ai | usage##2025-01',
    'records | budget#T#ai | usage#p#2025-01',
  ],
  canvas_command_store: [
    'records | canvas#T#p#c | head',
    'records | canvas#T#p#c | key#k',
    'records | canvas#T#p#c | rev#000000000001',
    'records | canvases#T#p | canvas#c',
  ],
  chat_store: [
    'records | chat#T#p#t | client#c',
    'records | chat#T#p#t | head',
    'records | chat#T#p#t | run#r#ULID',
    `records | chat#T#p#t | snapshot#${now}#ULID`,
    'records | chat#T#p#t | ts#ULID',
    'records | chat_threads#T#p | thread#t',
  ],
  config_store: [
    'records | config#tenant#T | latest',
    'records | config#tenant#T | version#000000001',
  ],
  event_stream: [
    'records | T#s | event#1735732800000000#e',
    'records | T#s | head',
    'records | T#s | id#e',
  ],
  firearms_policy_store: [
    `records | tenant#T | audit#${now}#ULID`,
    `records | tenant#T | audit#${now}#ULID`,
    'records | tenant#T | bind#a',
    'records | tenant#T | firearm#f#bind#a',
    'records | tenant#T | firearm#f#grant#user#u',
    'records | tenant#T | grant#user#u#f',
  ],
  media_output_store: ['records | media_output#T#p#m | output#poster'],
  memory_store: ['blackboards | blackboard#T#saas#p | b', 'sessions | session#T#saas#p | u#s'],
  metrics_store: [
    expect.stringMatching(
      /^records \| metric#T#saas#p#views#2025-01-01 \| bucket#2025-01-01T00#.{16}#0$/,
    ),
    'records | metric#T#saas#p#views#2025-01-01 | point#001735689600000#p',
  ],
  routing_registry_store: [
    'routes | routes | !audit#001735689600000#x',
    'routes | routes | !head',
    'routes | routes | !switch#x',
  ],
  seo_config_store: ['seo_configs | table#T#seo_configs | global##/'],
  strategy_policy_store: ['records | tenant#T | scope#s#a'],
  tabular_store: ['t | table#T#t | k'],
}

describeWith(cosmosRig, 'the items of every store on Cosmos', () => {
  const clock = fixedClock()
  let running: RunningCosmos
  let backend: OpenBackend

  beforeAll(async () => {
    running = await runCosmos(clock.now)
    backend = running.open()
  })
  afterAll(async () => {
    await backend.close()
    await running.stop()
  })

  /** With the vendor's own client, so that nothing of ours can hide what is there. */
  async function rawKeys(tenant: string): Promise<readonly string[]> {
    const keys: string[] = []
    const { resources: containers } = await running.database.containers.readAll().fetchAll()
    for (const { id: name } of containers) {
      const query = {
        query: 'select c.pk, c.id from c where c.tenant_id = @tenant',
        parameters: [{ name: '@tenant', value: tenant }],
      }
      const items = running.database.container(name).items
      const { resources } = await items.query<{ pk: string; id: string }>(query).fetchAll()
      keys.push(...resources.map(({ pk, id }) => `${name} | ${pk} | ${readVendorId(id) ?? id}`))
    }
    return keys
  }

  describe('lie where the layout says', () => {
    it.each(Object.keys(expected) as ResourceKindName[])('%s', async (kind) => {
      expect(await seededKeys(backend, 'cosmos', kind, clock.now, rawKeys)).toEqual(expected[kind])
    })
  })
})
