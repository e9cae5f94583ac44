import { randomUUID } from 'node:crypto'
import {
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb'
import type { TenantId } from '@heirloom/tenancy'
import {
  nextKey,
  pageItems,
  rowData,
  tableName,
  type Operations,
} from './persistence-operations.js'

/** The same items and conditions by AWS' client alone, in a partition beside the store's. */
export function vendorDynamoDb(
  client: DynamoDBClient,
  TableName: string,
  tenant: TenantId,
): Operations {
  const partition = `table#${tenant}#vendor-${tableName}`
  let n = 0
  return {
    get: async () => {
      const Key = { PK: { S: partition }, SK: { S: nextKey() } }
      const { Item } = await client.send(
        new GetItemCommand({ TableName, Key, ConsistentRead: true }),
      )
      return JSON.parse(Item?.['data']?.S ?? 'null') as unknown
    },
    put: () => {
      n += 1
      return client.send(
        new PutItemCommand({
          TableName,
          Item: {
            PK: { S: partition },
            SK: { S: nextKey() },
            pk: { S: `table#vendor-${tableName}` },
            tenant_id: { S: tenant },
            version: { S: randomUUID() },
            data: { S: JSON.stringify({ data: rowData(n) }) },
          },
          ConditionExpression: 'attribute_not_exists(PK) OR #tenant = :tenant',
          ExpressionAttributeNames: { '#tenant': 'tenant_id' },
          ExpressionAttributeValues: { ':tenant': { S: tenant } },
        }),
      )
    },
    query: async () => {
      const { Items = [] } = await client.send(
        new QueryCommand({
          TableName,
          ConsistentRead: true,
          KeyConditionExpression: 'PK = :pk AND begins_with(SK, :prefix)',
          ExpressionAttributeValues: { ':pk': { S: partition }, ':prefix': { S: 'row-' } },
          Limit: pageItems + 1,
        }),
      )
      return Items.map((item) => JSON.parse(item['data']?.S ?? 'null') as unknown)
    },
  }
}
