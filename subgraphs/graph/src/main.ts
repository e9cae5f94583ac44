import { createSealer } from '@heirloom/audit'
import { createAuthorizer } from '@heirloom/authz'
import { createOutboxRelay } from '@heirloom/events'
import { createDatabase } from '@heirloom/postgres'
import { createPeer, serviceMain, type Service } from '@heirloom/subgraph'
import type { Logger } from '@heirloom/telemetry'
import { createInternalTokenVerifier, remoteInternalKeys } from '@heirloom/tenancy'
import { createGraphSubgraph, type GraphTables } from './app.js'
import { readConfig, type ApiConfig } from './config.js'
import { migrations } from './migrations.js'

await serviceMain(
  {
    name: 'graph',
    description:
      'the graph subgraph: people, how they are related, and the stories they appear in.',
    readConfig,
    migrations,
    services: ({ api, relay }, logger) => [
      ...(api === null ? [] : [apiService(api, logger)]),
      ...(relay === null
        ? []
        : [
            createOutboxRelay({ name: 'graph', logger, ...relay }),
            createSealer({ name: 'graph', logger, databaseUrl: relay.databaseUrl }),
          ]),
    ],
  },
  { argv: process.argv.slice(2), env: process.env },
)

function apiService(config: ApiConfig, logger: Logger): Service {
  const database = createDatabase<GraphTables>({
    url: config.databaseUrl,
    applicationName: 'graph',
    onIdleError: (error) => logger.warn({ err: error }, 'a database connection broke'),
  })
  const server = createGraphSubgraph({
    database,
    authorizer: createAuthorizer(),
    stories: createPeer('stories', config.storiesUrl),
    verify: createInternalTokenVerifier(remoteInternalKeys(config.internalJwksUrl), 'graph'),
    logger,
  })
  return {
    name: 'graph',
    start: () => server.listen(config),
    stop: async () => {
      await server.close()
      await database.close()
    },
  }
}
