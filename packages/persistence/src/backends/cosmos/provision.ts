import type { ContainerResponse, CosmosClient } from '@azure/cosmos'
import { AppError } from '@heirloom/errors'
import type { ProvisionReport } from '../backend.js'
import type { Account } from './account.js'
import { containerDefinition, partitionKeyPath } from './containers.js'
import { status, statusCode } from './errors.js'

/** The least that autoscale starts from; it goes down to a tenth of it. */
const autoscaleMaxThroughput = 1_000

/**
 * The database, and in it the route's container with autoscale. Containers that layouts name come
 * with their first record. Of a container that is there, throughput and indexes stay as they are.
 */
export async function provision(account: Account, container: string): Promise<ProvisionReport> {
  const done: string[] = []
  const found: string[] = []
  const refused: { step: string; reason: string }[] = []
  const { database } = account.where
  const report = (step: string, created: boolean): void => void (created ? done : found).push(step)

  await account.request(async (client, options) => {
    const { statusCode: code } = await client.databases.createIfNotExists({ id: database }, options)
    report(`database ${database}`, code === created)
  })
  const step = `container ${container}, partitioned by ${partitionKeyPath}`
  const scaled = await account.request((client) => createScaled(client, database, container))
  report(scaled.created ? `${step}${scaled.note}` : step, scaled.created)
  const expiry = 'deletion of expired records by ttl'
  try {
    report(expiry, await account.request((client) => enableExpiry(client, database, container)))
  } catch (error) {
    refused.push({ step: expiry, reason: reasonOf(error) })
  }
  refused.push({
    step: 'point-in-time recovery',
    reason: 'it belongs to the account: choose continuous backup there',
  })
  return { done, found, refused }
}

const created = 201

/** A serverless account refuses throughput of any kind, and needs none. */
async function createScaled(
  client: CosmosClient,
  database: string,
  id: string,
): Promise<{ created: boolean; note: string }> {
  const { containers } = client.database(database)
  const definition = containerDefinition(id)
  const scaled = { ...definition, maxThroughput: autoscaleMaxThroughput }
  try {
    return { created: isNew(await containers.createIfNotExists(scaled)), note: ', with autoscale' }
  } catch (error) {
    if (!isBad(error)) throw error
    const made = isNew(await containers.createIfNotExists(definition))
    return { created: made, note: ', without throughput of its own' }
  }
}

/** @throws AppError BACKEND_UNAVAILABLE for one that is there, and no container for records */
function isNew({ statusCode: code, resource }: ContainerResponse): boolean {
  const paths = resource?.partitionKey?.paths ?? []
  if (paths.length === 1 && paths[0] === partitionKeyPath) return code === created
  throw new AppError(
    'BACKEND_UNAVAILABLE',
    `the Cosmos container "${resource?.id ?? ''}" must have the partition key /pk: give the ` +
      'route another container',
  )
}

/** True when it was off. */
async function enableExpiry(client: CosmosClient, database: string, id: string): Promise<boolean> {
  const container = client.database(database).container(id)
  const { resource } = await container.read()
  if (resource === undefined || resource.defaultTtl !== undefined) return false
  await container.replace({ ...resource, defaultTtl: -1 })
  return true
}

function isBad(error: unknown): boolean {
  return statusCode(error) === status.badRequest
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown'
}
