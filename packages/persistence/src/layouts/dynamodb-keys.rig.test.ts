import { ScanCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeWith, fixedClock } from '@heirloom/testkit'
import type { OpenBackend } from '../backends/backend.js'
import { runDynamoDb, type RunningDynamoDb } from '../backends/dynamodb/testing/dynamodb-rig.js'
import { dynamoDbRig } from '../backends/dynamodb/testing/dynamodb-server.js'
import type { ResourceKindName } from '../resource-kinds.js'
import { seededKeys } from './testing/seeded-keys.js'

const now = '001735732800000'

/** PK and SK of what each store writes, T for the tenant, as the requirements lay them out. */
const expected: Readonly<Record<ResourceKindName, readonly string[]>> = {
  attribution_store: ['table#T#attribution_contracts | mail'],
  budget_store: [
    'budget#T#ai | account#',
    'budget#T#ai | account#p',
    `budget#T#ai | entry#p#${now}#ULID`,
    'budget#T#ai | key#p#k',
    'budget#T#ai | usage##2025-01',
    'budget#T#ai | usage#p#2025-01',
  ],
  canvas_command_store: [
    'canvas#T#p#c | head',
    'canvas#T#p#c | key#k',
    'canvas#T#p#c | rev#000000000001',
    'canvases#T#p | canvas#c',
  ],
  chat_store: [
    'chat#T#p#t | client#c',
    'chat#T#p#t | head',
    `chat#T#p#t | run#r#${now}#ULID`,
    `chat#T#p#t | snapshot#${now}#ULID`,
    `chat#T#p#t | ts#${now}#ULID`,
    'chat_threads#T#p | thread#t',
  ],
  config_store: ['config#tenant#T | latest', 'config#tenant#T | version#000000001'],
  event_stream: ['stream#T#s | event#1735732800000000#e', 'stream#T#s | head', 'stream#T#s | id#e'],
  firearms_policy_store: [
    `tenant#T | audit#${now}#ULID`,
    `tenant#T | audit#${now}#ULID`,
    'tenant#T | bind#a',
    'tenant#T | firearm#f#bind#a',
    'tenant#T | firearm#f#grant#user#u',
    'tenant#T | grant#user#u#f',
  ],
  media_output_store: ['media_output#T#p#m | output#poster'],
  memory_store: ['blackboard#T#saas#p | b', 'session#T#saas#p | u#s'],
  metrics_store: [
    expect.stringMatching(/^metric#T#saas#p#views#2025-01-01 \| bucket#2025-01-01T00#.{16}#0$/),
    'metric#T#saas#p#views#2025-01-01 | point#001735689600000#p',
  ],
  routing_registry_store: [
    'routes | !audit#001735689600000#x',
    'routes | !head',
    'routes | !switch#x',
  ],
  seo_config_store: ['table#T#seo_configs | global##/'],
  strategy_policy_store: ['tenant#T | scope#s#a'],
  tabular_store: ['table#T#t | k'],
}

describeWith(dynamoDbRig, 'the keys of every store on DynamoDB', () => {
  const clock = fixedClock()
  let running: RunningDynamoDb
  let backend: OpenBackend

  beforeAll(async () => {
    running = await runDynamoDb(clock.now)
    backend = running.open()
  })
  afterAll(async () => {
    await backend.close()
    await running.stop()
  })

  /** With the vendor's own client, so that nothing of ours can hide what is there. */
  async function rawKeys(tenant: string): Promise<readonly string[]> {
    const { Items = [] } = await running.client.send(
      new ScanCommand({
        TableName: running.config.table_name,
        FilterExpression: 'tenant_id = :tenant',
        ExpressionAttributeValues: { ':tenant': { S: tenant } },
      }),
    )
    return Items.map((item) => `${item['PK']?.S ?? ''} | ${item['SK']?.S ?? ''}`)
  }

  describe('are those of the layout', () => {
    it.each(Object.keys(expected) as ResourceKindName[])('%s', async (kind) => {
      expect(await seededKeys(backend, 'dynamodb', kind, clock.now, rawKeys)).toEqual(
        expected[kind],
      )
    })
  })
})
