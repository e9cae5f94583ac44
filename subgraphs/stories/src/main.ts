import { createSealer } from '@heirloom/audit'
import { createAuthorizer } from '@heirloom/authz'
import { createOutboxRelay } from '@heirloom/events'
import { createDatabase } from '@heirloom/postgres'
import { serviceMain, type ServerConfig, type Service } from '@heirloom/subgraph'
import type { Logger } from '@heirloom/telemetry'
import { createInternalTokenVerifier, remoteInternalKeys } from '@heirloom/tenancy'
import { createStoriesSubgraph, type StoriesDatabase } from './app.js'
import { readConfig } from './config.js'
import { createSealForMailer } from './data/seal-for-mailer.js'
import { migrations } from './migrations.js'

await serviceMain(
  {
    name: 'stories',
    description: 'the stories subgraph: legacies, their stories and every revision of them.',
    readConfig,
    migrations,
    services: ({ api, relay, mailerKey }, logger) => [
      ...(api === null ? [] : [apiService(api, mailerKey, logger)]),
      ...(relay === null
        ? []
        : [
            createOutboxRelay({ name: 'stories', logger, ...relay }),
            createSealer({ name: 'stories', logger, databaseUrl: relay.databaseUrl }),
          ]),
    ],
  },
  { argv: process.argv.slice(2), env: process.env },
)

function apiService(config: ServerConfig, mailerKey: Buffer | null, logger: Logger): Service {
  const database = createDatabase<StoriesDatabase>({
    url: config.databaseUrl,
    applicationName: 'stories',
    onIdleError: (error) => logger.warn({ err: error }, 'a database connection broke'),
  })
  const server = createStoriesSubgraph({
    database,
    authorizer: createAuthorizer(),
    verify: createInternalTokenVerifier(remoteInternalKeys(config.internalJwksUrl), 'stories'),
    sealForMailer: mailerKey === null ? undefined : createSealForMailer(mailerKey),
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
