import type { GraphQLSchema } from 'graphql'
import { sql } from 'kysely'
import { createAuthorizer } from '@heirloom/authz'
import {
  createBackends,
  parseBootstrap,
  type Backend,
  type LeaseTimes,
} from '@heirloom/persistence'
import { createDatabase } from '@heirloom/postgres'
import type { StreamLimits } from '@heirloom/streams'
import { createPeer } from '@heirloom/subgraph'
import type { TenantContext } from '@heirloom/tenancy'
import {
  graphqlClient,
  testDatabase,
  testKeys,
  testLogger,
  type GraphQLClient,
} from '@heirloom/testkit'
import {
  createOpenedDocuments,
  createStorage,
  createStorageSubgraph,
  defaultDocumentsConfig,
  type Storage,
} from '../app.js'
import { migrations } from '../migrations.js'
import { startStoriesStandIn } from '@heirloom/testkit'
import {
  startStalledSubscriber,
  type StalledSubscriber,
  type StreamAfter,
} from './stalled-subscriber.js'
import { openRawSocket, type RawSocket } from './raw-socket.js'
import { connectSubscriber, type Subscriber } from './subscriber.js'

/** A process of the storage subgraph; several may run on the same database. */
export interface StorageProcess {
  readonly url: string
  readonly storage: Storage
  readonly schema: GraphQLSchema
  as(context: TenantContext): Promise<GraphQLClient>
  /** A socket of its own. */
  subscriber(context: TenantContext): Promise<Subscriber>
  stalledSubscriber(context: TenantContext, stream: StreamAfter): Promise<StalledSubscriber>
  /** A socket that may break every rule; without a context one that has not said who it is. */
  rawSocket(context?: TenantContext): Promise<RawSocket>
  close(): Promise<void>
}

export interface StorageRig {
  /** The first process. */
  readonly main: StorageProcess
  startProcess(options?: ProcessOptions): Promise<StorageProcess>
  /** A legacy that the tenant has. */
  addLegacy(context: TenantContext): string
  /** What a restore from an old backup would do to a tenant. */
  loseRecords(context: TenantContext): Promise<void>
  close(): Promise<void>
}

export interface ProcessOptions {
  readonly now?: () => number
  /** Long, where a test is to show that it does not wait for a poll. */
  readonly pollIntervalMs?: number
  /** Where the records are reached from, which may be a detour. */
  readonly wayToRecords?: (url: string) => Promise<string>
  readonly subscriptionLifeMs?: number
  readonly streamLimits?: Partial<StreamLimits>
  readonly backends?: (backends: readonly Backend[]) => readonly Backend[]
  readonly port?: number
  readonly leases?: LeaseTimes
  /** Whether this process works on migrations. */
  readonly migrates?: boolean
}

const aMinuteMs = 60_000
const anHourMs = 3_600_000
const unchanged = (backends: readonly Backend[]): readonly Backend[] => backends
const bootstrap = parseBootstrap(`
registry: { tenant_id: t_system, backend_type: postgres, config: { connection: main } }
routes:
  - { resource_kind: event_stream, backend_type: postgres, config: { connection: main } }
`)

/** The storage subgraph on a real database, with a stand-in for the stories subgraph. */
export async function startStorageRig(options: ProcessOptions = {}): Promise<StorageRig> {
  const [database, keys] = await Promise.all([testDatabase(migrations), testKeys()])
  const stories = await startStoriesStandIn(keys.verifier('storage'))
  const running = new Set<StorageProcess>()

  async function startProcess(own: ProcessOptions = {}): Promise<StorageProcess> {
    const merged = { ...options, ...own }
    const { now, pollIntervalMs = aMinuteMs, backends = unchanged, leases } = merged
    const clock = now === undefined ? {} : { now }
    const logger = testLogger()
    const recordsUrl = await (merged.wayToRecords?.(database.appUrl) ?? database.appUrl)
    const postgresConnections = { main: { url: recordsUrl, maxConnections: 6 } }
    const storage = createStorage({
      backends: backends(createBackends({ postgresConnections, ...clock })),
      bootstrap,
      env: 'test',
      logger,
      ...clock,
      ...(leases === undefined ? {} : { leases }),
    })
    await storage.start()
    if (merged.migrates === true) await storage.runner.start()
    const documents = createOpenedDocuments({
      config: defaultDocumentsConfig,
      postgresUrls: { main: database.appUrl },
      secrets: () => Promise.reject(new Error('there are no secrets')),
      logger,
    })
    await documents.start()
    const app = createDatabase<unknown>({ url: database.appUrl, applicationName: 'test' })
    const server = createStorageSubgraph({
      storage,
      database: app,
      documents,
      stories: createPeer('stories', stories.url),
      verify: keys.verifier('storage'),
      authorizer: createAuthorizer(),
      cursorKeys: [{ kid: 'test', secret: Buffer.alloc(32, 7) }],
      pollIntervalMs,
      subscriptionLifeMs: merged.subscriptionLifeMs ?? anHourMs,
      ...(merged.streamLimits === undefined ? {} : { streamLimits: merged.streamLimits }),
      logger,
      ...clock,
    })
    const address = await server.listen({ host: '127.0.0.1', port: own.port ?? 0 })
    const url = `${address}/graphql`
    const process: StorageProcess = {
      url,
      storage,
      schema: server.schema,
      as: async (context) => graphqlClient(url, await keys.token('storage', context)),
      subscriber: async (context) => connectSubscriber(url, await keys.token('storage', context)),
      stalledSubscriber: async (context, stream) =>
        startStalledSubscriber(url, await keys.token('storage', context), stream),
      rawSocket: async (context) =>
        openRawSocket(
          url,
          context === undefined ? undefined : await keys.token('storage', context),
        ),
      close: async () => {
        running.delete(process)
        await server.close()
        await documents.stop()
        await app.close()
        if (merged.migrates === true) await storage.runner.stop()
        await storage.stop()
      },
    }
    running.add(process)
    return process
  }

  return {
    main: await startProcess(),
    startProcess,
    addLegacy: (context) => stories.add('Legacy', context),
    loseRecords: async ({ tenantId }) => {
      const records = createDatabase<unknown>({ url: database.appUrl, applicationName: 'test' })
      await records
        .for(tenantId)
        .transaction((trx) => sql`delete from record where tenant_id = ${tenantId}`.execute(trx))
      await records.close()
    },
    close: async () => {
      for (const process of running) await process.close()
      await stories.close()
      await database.drop()
    },
  }
}
