import { createSealer } from '@heirloom/audit'
import { createAuthorizer } from '@heirloom/authz'
import { createSnsSqsBus } from '@heirloom/events'
import { createBackends } from '@heirloom/persistence'
import { createDatabase } from '@heirloom/postgres'
import { createPeer, serviceMain, type Service } from '@heirloom/subgraph'
import type { Logger } from '@heirloom/telemetry'
import { createInternalTokenVerifier, remoteInternalKeys } from '@heirloom/tenancy'
import {
  createOpenedDocuments,
  createStorage,
  createStorageSubgraph,
  createStreamRetention,
  createTimelineProjector,
  defaultDocumentsConfig,
  type Storage,
} from './app.js'
import type { BackendConfig } from './backend-config.js'
import { backendEnvironment } from './backend-environment.js'
import { readConfig, type ApiConfig, type WorkerConfig } from './config.js'
import { createSecrets } from './data/secrets.js'
import { migrations } from './migrations.js'

/** The audit log is one among several things that this service keeps in its database. */
const maxAuditConnections = 4

await serviceMain(
  {
    name: 'storage',
    description: 'the storage subgraph: routes, event streams and timelines.',
    readConfig,
    migrations,
    services: ({ backends: settings, env, bootstrap, api, worker }, logger) => {
      const backends = createBackends(backendEnvironment(settings))
      const storage = createStorage({ backends, bootstrap, env, logger })
      return [
        { name: 'routes', start: () => storage.start(), stop: () => storage.stop() },
        ...(api === null ? [] : apiServices(api, settings, storage, logger)),
        ...(worker === null
          ? []
          : [
              ...workerServices(worker, storage, logger),
              storage.canvasFeeder,
              storage.expiredRecords,
            ]),
      ]
    },
  },
  { argv: process.argv.slice(2), env: process.env },
)

function apiServices(
  config: ApiConfig,
  backends: BackendConfig,
  storage: Storage,
  logger: Logger,
): readonly Service[] {
  const documents = createOpenedDocuments({
    config: backends.documents ?? defaultDocumentsConfig,
    postgresUrls: backends.postgresUrls,
    secrets: createSecrets(backends),
    logger,
  })
  const database = createDatabase<unknown>({
    url: config.databaseUrl,
    applicationName: 'storage audit',
    maxConnections: maxAuditConnections,
    onIdleError: (error) => logger.warn({ err: error }, 'a database connection broke'),
  })
  const server = createStorageSubgraph({
    storage,
    database,
    documents,
    stories: createPeer('stories', config.storiesUrl),
    authorizer: createAuthorizer(),
    verify: createInternalTokenVerifier(remoteInternalKeys(config.internalJwksUrl), 'storage'),
    cursorKeys: config.cursorKeys,
    pollIntervalMs: config.pollIntervalMs,
    subscriptionLifeMs: config.subscriptionLifeMs,
    logger,
  })
  return [
    documents,
    {
      name: 'storage',
      start: () => server.listen(config),
      stop: async () => {
        await server.close()
        await database.close()
      },
    },
  ]
}

function workerServices(
  config: WorkerConfig,
  storage: Storage,
  logger: Logger,
): readonly Service[] {
  const { retention: rules, retentionIntervalMs: intervalMs } = config
  return [
    projectorService(config, storage, logger),
    storage.runner,
    createStreamRetention({ storage, rules, intervalMs, logger }),
    createSealer({ name: 'storage', databaseUrl: config.databaseUrl, logger }),
  ]
}

function projectorService(config: WorkerConfig, storage: Storage, logger: Logger): Service {
  const bus = createSnsSqsBus(config)
  const { queueUrl } = config
  const projector = createTimelineProjector({ bus, queueUrl, streams: storage.streams, logger })
  return {
    name: projector.name,
    start: () => projector.start(),
    stop: async () => {
      await projector.stop()
      bus.close()
    },
  }
}
