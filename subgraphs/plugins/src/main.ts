import { createSealer } from '@heirloom/audit'
import { createAuthorizer } from '@heirloom/authz'
import { createDatabase } from '@heirloom/postgres'
import { serviceMain, type ServerConfig, type Service } from '@heirloom/subgraph'
import type { Logger } from '@heirloom/telemetry'
import { createIds, createInternalTokenVerifier, remoteInternalKeys } from '@heirloom/tenancy'
import { createPluginsSubgraph } from './app.js'
import { readConfig } from './config.js'
import type { PluginDatabase } from './data/schema.js'
import { migrations } from './migrations.js'

await serviceMain(
  {
    name: 'plugins',
    description: 'the plugins subgraph: which plugin services a tenant has registered.',
    readConfig,
    migrations,
    services: ({ api, worker }, logger) => [
      ...(api === null ? [] : [apiService(api, logger)]),
      ...(worker === null ? [] : [createSealer({ name: 'plugins', logger, ...worker })]),
    ],
  },
  { argv: process.argv.slice(2), env: process.env },
)

function apiService(config: ServerConfig, logger: Logger): Service {
  const database = createDatabase<PluginDatabase>({
    url: config.databaseUrl,
    applicationName: 'plugins',
    onIdleError: (error) => logger.warn({ err: error }, 'a database connection broke'),
  })
  const server = createPluginsSubgraph({
    database,
    authorizer: createAuthorizer(),
    verify: createInternalTokenVerifier(remoteInternalKeys(config.internalJwksUrl), 'plugins'),
    newId: createIds(),
    now: Date.now,
    logger,
  })
  return {
    name: 'plugins',
    start: () => server.listen(config),
    stop: async () => {
      await server.close()
      await database.close()
    },
  }
}
