import { GetItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { Call } from './calls.js'

/** A table as this backend reaches it. */
export interface Table {
  readonly client: DynamoDBClient
  readonly name: string
  readonly region: string
  /** Undefined for AWS itself. */
  readonly endpoint: string | undefined
  readonly call: Call
}

/** Reads a key that no tenant has: it needs no permission but those for the records themselves. */
export async function pingTable({ client, name, call }: Table): Promise<void> {
  const Key = { PK: { S: '#ping' }, SK: { S: '#' } }
  await call(() => client.send(new GetItemCommand({ TableName: name, Key })))
}
