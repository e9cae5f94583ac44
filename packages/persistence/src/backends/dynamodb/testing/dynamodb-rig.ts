import { DeleteTableCommand, DynamoDBClient, UpdateTableCommand } from '@aws-sdk/client-dynamodb'
import { createIds } from '@heirloom/testkit'
import type { BackendRig, RunningBackend } from '../../../contract/backend-rig.js'
import type { Backend } from '../../backend.js'
import type { BackendConfig } from '../../config-spec.js'
import { createDynamoDbBackend } from '../dynamodb-backend.js'
import { startDynamoDb, type DynamoDbServer } from './dynamodb-server.js'

const newId = createIds()

export interface RunningDynamoDb extends RunningBackend {
  readonly backend: Backend
  readonly config: BackendConfig & { readonly table_name: string }
  /** The vendor's own client, to look at what is stored. */
  readonly client: DynamoDBClient
  readonly server: DynamoDbServer
  /**
   * Ends the change stream of the table; followers then poll. The local server keeps each change,
   * and each write costs it more the more it has kept.
   */
  endChangeStream(): Promise<void>
}

/** A server with a table of its own, provisioned as an operator would. */
export async function runDynamoDb(now: () => number): Promise<RunningDynamoDb> {
  const server = await startDynamoDb()
  const { backend, config, client } = connect(server, now)
  const provisioning = backend.open(config)
  await provisioning.provision?.()
  await provisioning.close()
  return {
    backend,
    config,
    client,
    server,
    open: () => backend.open(config),
    endChangeStream: async () => {
      const StreamSpecification = { StreamEnabled: false }
      await client.send(
        new UpdateTableCommand({ TableName: config.table_name, StreamSpecification }),
      )
    },
    stop: async () => {
      await client.send(new DeleteTableCommand({ TableName: config.table_name }))
      client.destroy()
      await server.stop()
    },
  }
}

export function connect(
  server: Pick<DynamoDbServer, 'endpoint' | 'region' | 'isAws'>,
  now: () => number = Date.now,
): Pick<RunningDynamoDb, 'backend' | 'config' | 'client'> {
  const { endpoint, region, isAws } = server
  const secrets: BackendConfig = isAws
    ? {}
    : { access_key_id: 'secret:aws/id', secret_access_key: 'secret:aws/key' }
  return {
    backend: createDynamoDbBackend({
      dynamoDbEndpoints: [endpoint],
      secrets: (name) => Promise.resolve(`fake-${name}`),
      now,
    }),
    config: { table_name: `heirloom-test-${newId()}`, region, endpoint, ...secrets },
    client: new DynamoDBClient({
      region,
      endpoint,
      ...(isAws ? {} : { credentials: { accessKeyId: 'fake', secretAccessKey: 'fake' } }),
    }),
  }
}

export const dynamoDbBackendRig: BackendRig = { type: 'dynamodb', start: runDynamoDb }
