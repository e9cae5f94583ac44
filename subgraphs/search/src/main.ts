import { createAuthorizer } from '@heirloom/authz'
import { createSnsSqsBus } from '@heirloom/events'
import { createDatabase, type Database } from '@heirloom/postgres'
import {
  serviceMain,
  type ConsumerConfig,
  type ServerConfig,
  type Service,
} from '@heirloom/subgraph'
import type { Logger } from '@heirloom/telemetry'
import { createInternalTokenVerifier, remoteInternalKeys } from '@heirloom/tenancy'
import { createSearchIndexer, createSearchSubgraph } from './app.js'
import { readConfig } from './config.js'
import { migrations } from './migrations.js'

await serviceMain(
  {
    name: 'search',
    description: 'the search subgraph: full-text search over stories, kept up to date by events.',
    readConfig,
    migrations,
    services: ({ databaseUrl, api, worker }, logger) => {
      const database = createDatabase<unknown>({
        url: databaseUrl,
        applicationName: 'search',
        onIdleError: (error) => logger.warn({ err: error }, 'a database connection broke'),
      })
      return [
        // Started first, so stopped last: it opens connections when the others ask for them.
        { name: 'database', start: async () => undefined, stop: () => database.close() },
        ...(api === null ? [] : [apiService(api, database, logger)]),
        ...(worker === null ? [] : [workerService(worker, database, logger)]),
      ]
    },
  },
  { argv: process.argv.slice(2), env: process.env },
)

function apiService(config: ServerConfig, database: Database<unknown>, logger: Logger): Service {
  const server = createSearchSubgraph({
    database,
    authorizer: createAuthorizer(),
    verify: createInternalTokenVerifier(remoteInternalKeys(config.internalJwksUrl), 'search'),
    logger,
  })
  return { name: 'search', start: () => server.listen(config), stop: () => server.close() }
}

function workerService(
  config: ConsumerConfig,
  database: Database<unknown>,
  logger: Logger,
): Service {
  const bus = createSnsSqsBus(config)
  const indexer = createSearchIndexer({ bus, queueUrl: config.queueUrl, database, logger })
  return {
    name: indexer.name,
    start: () => indexer.start(),
    stop: async () => {
      await indexer.stop()
      bus.close()
    },
  }
}
