import {
  UpdateTableCommand,
  type AttributeDefinition,
  type GlobalSecondaryIndex,
  type GlobalSecondaryIndexDescription,
} from '@aws-sdk/client-dynamodb'
import { AppError } from '@heirloom/errors'
import type { NeededIndex } from '../backend.js'
import { shellCommand, type ProvisionStep } from '../provisioning.js'
import { describeTable, untilActive, type Administered } from './administered.js'

/**
 * Keys, and whose record it is: who finds one by an index reads it by its key, strongly consistent,
 * which an index never is. Records without the first field are not in it.
 */
export function globalIndex({ name, fields }: NeededIndex): GlobalSecondaryIndex {
  return {
    IndexName: name,
    KeySchema: fields.map((field, at) => ({
      AttributeName: field.name,
      KeyType: at === 0 ? 'HASH' : 'RANGE',
    })),
    Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['pk', 'tenant_id'] },
  }
}

export function attributesOf(indexes: readonly NeededIndex[]): readonly AttributeDefinition[] {
  const types = new Map(
    indexes.flatMap(({ fields }) => fields.map(({ name, type }) => [name, type] as const)),
  )
  return Array.from(types, ([AttributeName, type]) => ({
    AttributeName,
    AttributeType: type === 'number' ? 'N' : 'S',
  }))
}

/** One index is made at a time; DynamoDB fills it with what is there, which may take hours. */
export function indexStep(table: Administered, index: NeededIndex): ProvisionStep {
  const { client, name: TableName, call } = table
  const AttributeDefinitions = [...attributesOf([index])]
  const GlobalSecondaryIndexUpdates = [{ Create: globalIndex(index) }]
  return {
    name: `global secondary index ${index.name} by ${index.fields.map(({ name }) => name).join(', ')}`,
    isThere: async () => {
      const description = await describeTable(table)
      const found = description?.GlobalSecondaryIndexes?.find(
        ({ IndexName }) => IndexName === index.name,
      )
      if (found !== undefined) checkKeys(found, index)
      return found !== undefined
    },
    make: async () => {
      await call(() =>
        client.send(
          new UpdateTableCommand({ TableName, AttributeDefinitions, GlobalSecondaryIndexUpdates }),
        ),
      )
      await untilActive(table)
    },
    command: shellCommand(
      ['aws', 'dynamodb', 'update-table', ...table.options],
      ['--attribute-definitions', JSON.stringify(AttributeDefinitions)],
      ['--global-secondary-index-updates', JSON.stringify(GlobalSecondaryIndexUpdates)],
    ),
  }
}

/** @throws AppError CONFLICT for an index of this name that is another */
function checkKeys({ KeySchema }: GlobalSecondaryIndexDescription, { name, fields }: NeededIndex) {
  const keys = KeySchema?.map(({ AttributeName }) => AttributeName) ?? []
  if (keys.join() === fields.map((field) => field.name).join()) return
  throw new AppError('CONFLICT', `the index "${name}" is there with other keys: ${keys.join(', ')}`)
}
