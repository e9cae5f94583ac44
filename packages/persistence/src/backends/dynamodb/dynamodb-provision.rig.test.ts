import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createIds, describeWith, eventually, testTenant } from '@heirloom/testkit'
import { keyLayoutOf, layoutsByKind, storeNeedsOf } from '../../layouts/by-kind.js'
import type { ProvisionReport } from '../backend.js'
import { runDynamoDb, type RunningDynamoDb } from './testing/dynamodb-rig.js'
import { dynamoDbRig } from './testing/dynamodb-server.js'

const newId = createIds()
const indexed = Object.keys(layoutsByKind).filter(
  (kind) => (storeNeedsOf(kind, 'dynamodb')?.indexes ?? []).length > 0,
)

describeWith(dynamoDbRig, 'A table of DynamoDB', () => {
  let running: RunningDynamoDb
  const made: string[] = []

  beforeAll(async () => {
    running = await runDynamoDb(Date.now)
  })

  afterAll(async () => {
    for (const TableName of made) {
      await running.client.send(new DeleteTableCommand({ TableName }))
    }
    await running.stop()
  })

  function fresh(): string {
    const name = `heirloom-test-${newId()}`
    made.push(name)
    return name
  }

  async function provision(table_name: string, kind: string): Promise<ProvisionReport> {
    const open = running.backend.open({ ...running.config, table_name })
    try {
      const report = await open.provision?.(storeNeedsOf(kind, 'dynamodb'))
      if (report === undefined) throw new Error('DynamoDB is provisioned')
      return report
    } finally {
      await open.close()
    }
  }

  it('is asked for indexes by three kinds of store', () => {
    expect(indexed).toEqual(['canvas_command_store', 'chat_store', 'firearms_policy_store'])
  })

  it.each(indexed)('is made for %s with its indexes, and found by the second run', async (kind) => {
    const name = fresh()
    const first = await provision(name, kind)
    expect(first.done[0]).toContain(`table ${name}`)
    const second = await provision(name, kind)
    expect(second.done).toEqual([])
    const [index] = storeNeedsOf(kind, 'dynamodb')?.indexes ?? []
    expect(second.found).toContainEqual(
      expect.stringContaining(`global secondary index ${index?.name}`),
    )
    expect(second.found).toContain('on-demand billing')
    // A server that has no point-in-time recovery says so, and the operator gets a command.
    for (const { step, command } of second.refused) {
      expect(step).toBe('point-in-time recovery')
      expect(command).toBe(
        `aws dynamodb update-continuous-backups --table-name ${name} --region ${running.config['region']} ` +
          `--endpoint-url ${running.config['endpoint']} ` +
          '--point-in-time-recovery-specification PointInTimeRecoveryEnabled=true',
      )
    }
  })

  it('that is there gets the indexes that it lacks, which find what is written', async () => {
    const name = fresh()
    await provision(name, 'tabular_store')
    const { done } = await provision(name, 'firearms_policy_store')
    expect(done).toEqual(['global secondary index firearm_id by firearm_id'])
    const open = running.backend.open({ ...running.config, table_name: name })
    const { tenantId } = testTenant()
    const layout = keyLayoutOf('firearms_policy_store', 'dynamodb')
    await open.records
      .for(tenantId, layout)
      .put('firearms_policy', 'bind#sell', { firearm_id: 'f1', action_name: 'sell' })
    await eventually(async () => {
      const { Items } = await running.client.send(
        new QueryCommand({
          TableName: name,
          IndexName: 'firearm_id',
          KeyConditionExpression: 'firearm_id = :id',
          ExpressionAttributeValues: { ':id': { S: 'f1' } },
        }),
      )
      expect(Items).toMatchObject([{ SK: { S: 'bind#sell' }, tenant_id: { S: tenantId } }])
      return true
    })
    await open.close()
  })

  it('keeps the throughput and the index that somebody else chose, and says so', async () => {
    const name = fresh()
    await running.client.send(
      new CreateTableCommand({
        TableName: name,
        KeySchema: [
          { AttributeName: 'PK', KeyType: 'HASH' },
          { AttributeName: 'SK', KeyType: 'RANGE' },
        ],
        AttributeDefinitions: ['PK', 'SK', 'other'].map((AttributeName) => ({
          AttributeName,
          AttributeType: 'S',
        })),
        ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 },
        GlobalSecondaryIndexes: [
          {
            IndexName: 'firearm_id',
            KeySchema: [{ AttributeName: 'other', KeyType: 'HASH' }],
            Projection: { ProjectionType: 'KEYS_ONLY' },
            ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 },
          },
        ],
      }),
    )
    const { refused, done } = await provision(name, 'firearms_policy_store')
    expect(done).toContain('change stream')
    expect(refused).toContainEqual({
      step: 'on-demand billing',
      reason: expect.stringContaining('throughput'),
      command: expect.stringContaining('--billing-mode PAY_PER_REQUEST'),
    })
    expect(refused).toContainEqual({
      step: 'global secondary index firearm_id by firearm_id',
      reason: 'the index "firearm_id" is there with other keys: other',
      command: expect.stringContaining('--global-secondary-index-updates'),
    })
    const { Table } = await running.client.send(new DescribeTableCommand({ TableName: name }))
    expect(Table?.BillingModeSummary?.BillingMode).not.toBe('PAY_PER_REQUEST')
  })
})
