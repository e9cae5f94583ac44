import type {
  ContainerDefinition,
  ContainerResponse,
  CosmosClient,
  IndexingPolicy,
} from '@azure/cosmos'
import { AppError } from '@heirloom/errors'
import type { NeededIndex, ProvisionReport, StoreNeeds } from '../backend.js'
import { joinReports, provisionAll, type ProvisionStep } from '../provisioning.js'
import type { Account } from './account.js'
import { azureCommands, type AzureCommands } from './azure-commands.js'
import { containerDefinition, partitionKeyPath } from './containers.js'
import { status, statusCode } from './errors.js'

/** The least that autoscale starts from; it goes down to a tenth of it. */
export const autoscaleMaxThroughput = 1_000

/**
 * The database, and in it the route's container, and those that the store's layout names, with
 * autoscale, deletion by ttl, and the indexes of the store. Containers that are named by the key of
 * a record come with their first one. Of a container that is there, throughput stays as it is, and
 * indexes are added.
 */
export async function provision(
  account: Account,
  container: string,
  needs: StoreNeeds | undefined,
): Promise<ProvisionReport> {
  const commands = azureCommands(account.where)
  const databaseReport = await provisionAll([databaseStep(account, commands)], messageOf)
  if (databaseReport.refused.length > 0 && !(await isDatabaseThere(account))) return databaseReport
  const named = (needs?.collections ?? []).flatMap(({ name }) => name ?? [])
  const reports = [databaseReport]
  for (const id of [container, ...named]) {
    const own = (needs?.indexes ?? []).filter(({ collection }) => (collection ?? container) === id)
    reports.push(await provisionContainer(account, commands, id, own))
  }
  const recovery = {
    step: 'point-in-time recovery',
    reason: 'it belongs to the account, whose key cannot see or change it',
    command: commands.continuousBackup(),
  }
  return joinReports([...reports, { done: [], found: [], refused: [recovery] }])
}

/** What makes one pointless makes all of it pointless, and is thrown: but not a missing right. */
function databaseStep(account: Account, commands: AzureCommands): ProvisionStep {
  const { database } = account.where
  return {
    name: `database ${database}`,
    isThere: () => isDatabaseThere(account),
    make: () => account.request((client) => client.databases.createIfNotExists({ id: database })),
    command: commands.createDatabase(),
  }
}

async function isDatabaseThere(account: Account): Promise<boolean> {
  const { database } = account.where
  return isThere(account, (client) => client.database(database).read())
}

/** @throws AppError BACKEND_UNAVAILABLE for a container that is there, and none for records */
async function provisionContainer(
  account: Account,
  commands: AzureCommands,
  id: string,
  indexes: readonly NeededIndex[],
): Promise<ProvisionReport> {
  const { database } = account.where
  const step = `container ${id}, partitioned by ${partitionKeyPath}`
  const definition = { ...containerDefinition(id), ...composite(indexes) }
  const existing = await readContainer(account, id)
  if (existing === null) {
    try {
      const note = await account.request((client) => createScaled(client, database, definition))
      return { done: [`${step}${note}`], found: [], refused: [] }
    } catch (error) {
      if (!isForbidden(error)) throw error
      const command = commands.createContainer(definition, autoscaleMaxThroughput)
      return { done: [], found: [], refused: [{ step, reason: messageOf(error), command }] }
    }
  }
  const steps = [
    throughputStep(account, commands, id),
    expiryStep(account, commands, id),
    policyStep(account, commands, existing, 'no index of the values', withoutValues),
    ...indexes.map((index) =>
      policyStep(
        account,
        commands,
        existing,
        `composite index by ${pathsOf(index).join(', ')}`,
        (policy) => withComposite(policy, index),
      ),
    ),
  ]
  const found = { done: [], found: [step], refused: [] }
  return joinReports([found, await provisionAll(steps, messageOf)])
}

async function readContainer(account: Account, id: string): Promise<ContainerDefinition | null> {
  const { database } = account.where
  let found: ContainerDefinition | undefined
  const there = await isThere(account, async (client) => {
    const { resource } = await client.database(database).container(id).read()
    found = resource
  })
  if (!there || found === undefined) return null
  checkPartitioned(found)
  return found
}

function checkPartitioned({ id = '', partitionKey }: ContainerDefinition): void {
  const paths = partitionKey?.paths ?? []
  if (paths.length === 1 && paths[0] === partitionKeyPath) return
  throw new AppError(
    'BACKEND_UNAVAILABLE',
    `the Cosmos container "${id}" must have the partition key /pk: give the route another container`,
  )
}

async function isThere(
  account: Account,
  read: (client: CosmosClient) => Promise<unknown>,
): Promise<boolean> {
  try {
    await account.request(read, isMissing)
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

/** A serverless account refuses throughput of any kind, and needs none. */
async function createScaled(
  client: CosmosClient,
  database: string,
  definition: ContainerDefinition,
): Promise<string> {
  const { containers } = client.database(database)
  const create = (more: object): Promise<ContainerResponse> =>
    // Somebody else provisions the same container, or our own first attempt got through.
    containers.createIfNotExists({ ...definition, ...more })
  try {
    await create({ maxThroughput: autoscaleMaxThroughput })
    return ', with autoscale'
  } catch (error) {
    if (statusCode(error) !== status.badRequest) throw error
    await create({})
    return ', without throughput of its own'
  }
}

function throughputStep(account: Account, commands: AzureCommands, id: string): ProvisionStep {
  const { database } = account.where
  return {
    name: `autoscale of the container ${id}`,
    isThere: async () => {
      const { resource } = await account.request((client) =>
        client.database(database).container(id).readOffer(),
      )
      // None of its own: it shares that of the database, or the account is serverless.
      const content = resource?.content
      return content === undefined || content.offerAutopilotSettings !== undefined
    },
    make: 'the container has throughput that somebody chose, which stays: scale it, or change it',
    command: commands.autoscale(id),
  }
}

function expiryStep(account: Account, commands: AzureCommands, id: string): ProvisionStep {
  const { database } = account.where
  return {
    name: `deletion of expired records of the container ${id} by ttl`,
    isThere: async () => (await readContainer(account, id))?.defaultTtl !== undefined,
    make: () =>
      account.request(async (client) => {
        const container = client.database(database).container(id)
        const { resource } = await container.read()
        if (resource !== undefined) await container.replace({ ...resource, defaultTtl: -1 })
      }),
    command: commands.expire(id),
  }
}

/** One change of the indexing policy, which the service then works on while it serves requests. */
function policyStep(
  account: Account,
  commands: AzureCommands,
  existing: ContainerDefinition,
  what: string,
  change: (policy: IndexingPolicy) => IndexingPolicy | null,
): ProvisionStep {
  const { database } = account.where
  const { id = '', indexingPolicy = {} } = existing
  return {
    name: `${what} in the container ${id}`,
    isThere: async () => change((await readContainer(account, id))?.indexingPolicy ?? {}) === null,
    make: () =>
      account.request(async (client) => {
        const container = client.database(database).container(id)
        const { resource } = await container.read()
        const changed = change(resource?.indexingPolicy ?? {})
        if (resource === undefined || changed === null) return
        await container.replace({ ...resource, indexingPolicy: changed })
      }),
    command: commands.index(id, change(indexingPolicy) ?? indexingPolicy),
  }
}

const valuesPath = '/value/*'

/** Null when there is nothing to change. */
function withoutValues(policy: IndexingPolicy): IndexingPolicy | null {
  const excludedPaths = policy.excludedPaths ?? []
  if (excludedPaths.some(({ path }) => path === valuesPath)) return null
  return { ...policy, excludedPaths: [...excludedPaths, { path: valuesPath }] }
}

function withComposite(policy: IndexingPolicy, index: NeededIndex): IndexingPolicy | null {
  const compositeIndexes = policy.compositeIndexes ?? []
  const wanted = compositeOf(index)
  const same = compositeIndexes.some(
    (one) => JSON.stringify(one.map(pathAndOrder)) === JSON.stringify(wanted.map(pathAndOrder)),
  )
  return same ? null : { ...policy, compositeIndexes: [...compositeIndexes, wanted] }
}

function composite(indexes: readonly NeededIndex[]): Pick<ContainerDefinition, 'indexingPolicy'> {
  const { indexingPolicy = {} } = containerDefinition('')
  if (indexes.length === 0) return { indexingPolicy }
  return { indexingPolicy: { ...indexingPolicy, compositeIndexes: indexes.map(compositeOf) } }
}

type CompositePath = NonNullable<IndexingPolicy['compositeIndexes']>[number][number]

function compositeOf(index: NeededIndex): CompositePath[] {
  return pathsOf(index).map((path) => ({ path, order: 'ascending' }))
}

function pathAndOrder({ path, order }: CompositePath): readonly [string, string] {
  return [path, order]
}

function pathsOf({ fields }: NeededIndex): readonly string[] {
  return fields.map(({ name }) => `/${name}`)
}

function isMissing(error: unknown): boolean {
  return statusCode(error) === status.notFound
}

/** Keys that may not change databases and containers: `disableKeyBasedMetadataWriteAccess`. */
function isForbidden(error: unknown): boolean {
  return error instanceof AppError && statusCode(error.cause) === status.forbidden
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown'
}
