import { CosmosClient, type Database } from '@azure/cosmos'
import { createIds } from '@heirloom/testkit'
import type { BackendRig, RunningBackend } from '../../../contract/backend-rig.js'
import type { Backend } from '../../backend.js'
import type { BackendConfig } from '../../config-spec.js'
import { createCosmosBackend } from '../cosmos-backend.js'
import { cosmosService, startCosmos, type CosmosServer } from './cosmos-server.js'

const newId = createIds()

export interface RunningCosmos extends RunningBackend {
  readonly backend: Backend
  readonly config: BackendConfig & { readonly container: string }
  /** The vendor's own client, to look at what is stored. */
  readonly database: Database
  readonly server: CosmosServer
}

/** A server, and a database of its own, provisioned as an operator would. */
async function run(starting: Promise<CosmosServer>, now: () => number): Promise<RunningCosmos> {
  const server = await starting
  const { endpoint, key, isAzure } = server
  const backend = createCosmosBackend({
    cosmosEndpoints: isAzure ? [] : [endpoint],
    secrets: () => Promise.resolve(key),
    now,
  })
  const name = `heirloom-test-${newId()}`
  const config = { endpoint, key: 'secret:cosmos', database: name, container: 'records' }
  const provisioning = backend.open(config)
  await provisioning.provision?.()
  await provisioning.close()
  const client = new CosmosClient({
    endpoint,
    key,
    connectionPolicy: { enableEndpointDiscovery: isAzure },
  })
  const database = client.database(name)
  return {
    backend,
    config,
    database,
    server,
    open: () => backend.open(config),
    stop: async () => {
      await database.delete()
      client.dispose()
      await server.stop()
    },
  }
}

export function runCosmos(now: () => number): Promise<RunningCosmos> {
  return run(startCosmos(), now)
}

export function runCosmosService(now: () => number): Promise<RunningCosmos> {
  return run(cosmosService(), now)
}

export const cosmosBackendRig: BackendRig = { type: 'cosmos', start: runCosmos }
export const cosmosServiceBackendRig: BackendRig = { type: 'cosmos', start: runCosmosService }
