import { createAuthorizer } from '@heirloom/authz'
import { createRelay, createSnsSqsBus } from '@heirloom/events'
import { createDatabase } from '@heirloom/postgres'
import { serviceMain, type Service } from '@heirloom/subgraph'
import type { Logger } from '@heirloom/telemetry'
import { createInternalTokenVerifier, remoteInternalKeys } from '@heirloom/tenancy'
import { createStoriesSubgraph, type StoriesDatabase } from './app.js'
import { readConfig, type ApiConfig, type WorkerConfig } from './config.js'
import { migrations } from './migrations.js'

await serviceMain(
  {
    name: 'stories',
    description: 'the stories subgraph: legacies, their stories and every revision of them.',
    readConfig,
    migrations,
    services: ({ api, worker }, logger) => [
      ...(api === null ? [] : [apiService(api, logger)]),
      ...(worker === null ? [] : [relayService(worker, logger)]),
    ],
  },
  { argv: process.argv.slice(2), env: process.env },
)

function apiService(config: ApiConfig, logger: Logger): Service {
  const database = createDatabase<StoriesDatabase>({
    url: config.databaseUrl,
    applicationName: 'stories',
    onIdleError: (error) => logger.warn({ err: error }, 'a database connection broke'),
  })
  const server = createStoriesSubgraph({
    database,
    authorizer: createAuthorizer(),
    verify: createInternalTokenVerifier(remoteInternalKeys(config.internalJwksUrl), 'stories'),
    logger,
  })
  return {
    name: 'stories',
    start: () => server.listen(config),
    stop: async () => {
      await server.close()
      await database.close()
    },
  }
}

function relayService(config: WorkerConfig, logger: Logger): Service {
  const database = createDatabase<unknown>({
    url: config.databaseUrl,
    applicationName: 'stories relay',
    onIdleError: (error) => logger.warn({ err: error }, 'a database connection broke'),
  })
  const bus = createSnsSqsBus(config)
  const relay = createRelay({ database, listenUrl: config.databaseUrl, bus, logger })
  return {
    name: relay.name,
    start: () => relay.start(),
    stop: async () => {
      await relay.stop()
      bus.close()
      await database.close()
    },
  }
}
