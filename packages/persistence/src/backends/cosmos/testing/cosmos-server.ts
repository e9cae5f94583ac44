import { once } from 'node:events'
import type { Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { env } from 'node:process'
import type { Rig } from '@heirloom/testkit'
import { atomicBatch } from './atomic-batch.js'

// What `npm run test:rigs` has fetched.
const installed = env['HEIRLOOM_RIG_COSMOS'] ?? ''
// Cosmos itself: the endpoint of an account, and its key. Databases are made in it, and removed.
const realEndpoint = env['COSMOS_ENDPOINT'] ?? ''
const realKey = env['COSMOS_KEY'] ?? ''

export const cosmosRig: Rig = {
  name: 'cosmos',
  available: installed !== '',
  reason: env['HEIRLOOM_RIG_MISSING_COSMOS'] ?? 'run it by `npm run test:rigs`',
}

export const cosmosServiceRig: Rig = {
  name: 'cosmos-service',
  available: realEndpoint !== '' && realKey !== '',
  reason: 'set COSMOS_ENDPOINT and COSMOS_KEY to an account with the consistency Strong',
}

export interface CosmosServer {
  readonly endpoint: string
  readonly key: string
  readonly isAzure: boolean
  stop(): Promise<void>
}

export function cosmosService(): Promise<CosmosServer> {
  const stop = (): Promise<void> => Promise.resolve()
  return Promise.resolve({ endpoint: realEndpoint, key: realKey, isAzure: true, stop })
}

export async function startCosmos(): Promise<CosmosServer> {
  const require = createRequire(installed)
  // Before the server binds its routes.
  const batch = require('@vercel/cosmosdb-server/lib/handler/batch-documents') as BatchModule
  batch.default = atomicBatch(require)
  const module = require('@vercel/cosmosdb-server') as ServerModule
  const server = module.createHttpServer({ keepAlive: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `http://127.0.0.1:${port}`,
    key: Buffer.from('the key of a server that takes any').toString('base64'),
    isAzure: false,
    stop: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

interface BatchModule {
  default: unknown
}
interface ServerModule {
  createHttpServer(options: { readonly keepAlive: boolean }): Server
}
