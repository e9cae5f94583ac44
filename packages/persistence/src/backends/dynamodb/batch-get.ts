import { BatchGetItemCommand, type BatchGetItemCommandOutput } from '@aws-sdk/client-dynamodb'
import type { Item } from './items.js'
import type { Table } from './table.js'

/**
 * The items of the keys that are there, in no order. Keys must differ.
 *
 * DynamoDB answers with 16 MB at most, and with less when it is throttled: keys that are left over
 * come back as UnprocessedKeys, and are asked for again. An answer that brings nothing is taken for
 * the throttling that it is, so that its repetitions wait, and are bounded (calls.ts).
 * @throws AppError BACKEND_UNAVAILABLE, TIMEOUT
 */
export async function getItems(
  { client, name, call }: Table,
  keys: readonly Item[],
): Promise<readonly Item[]> {
  const found: Item[] = []
  let left = [...keys]
  while (left.length > 0) {
    const Keys = left
    const output = await call(async () => {
      const answer = await client.send(
        new BatchGetItemCommand({ RequestItems: { [name]: { Keys, ConsistentRead: true } } }),
      )
      if (unprocessed(answer, name).length < Keys.length) return answer
      throw Object.assign(new Error('every key came back unprocessed'), {
        code: 'ProvisionedThroughputExceededException',
      })
    })
    found.push(...(output.Responses?.[name] ?? []))
    left = unprocessed(output, name)
  }
  return found
}

function unprocessed({ UnprocessedKeys }: BatchGetItemCommandOutput, table: string): Item[] {
  return UnprocessedKeys?.[table]?.Keys ?? []
}
