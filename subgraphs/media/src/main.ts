import { createSealer } from '@heirloom/audit'
import { createAuthorizer } from '@heirloom/authz'
import { createEventFactory, createOutboxRelay } from '@heirloom/events'
import { createDatabase } from '@heirloom/postgres'
import { createPeer, serviceMain, type Service } from '@heirloom/subgraph'
import type { Logger } from '@heirloom/telemetry'
import { createIds, createInternalTokenVerifier, remoteInternalKeys } from '@heirloom/tenancy'
import { createMediaSubgraph } from './app.js'
import { readConfig, type ApiConfig } from './config.js'
import { createS3ObjectStore } from './data/s3-object-store.js'
import type { MediaDatabase } from './data/schema.js'
import { migrations } from './migrations.js'

await serviceMain(
  {
    name: 'media',
    description: 'the media subgraph: uploads, downloads and what they go with.',
    readConfig,
    migrations,
    services: ({ api, relay }, logger) => [
      ...(api === null ? [] : [apiService(api, logger)]),
      ...(relay === null
        ? []
        : [
            createOutboxRelay({ name: 'media', logger, ...relay }),
            createSealer({ name: 'media', logger, databaseUrl: relay.databaseUrl }),
          ]),
    ],
  },
  { argv: process.argv.slice(2), env: process.env },
)

function apiService(config: ApiConfig, logger: Logger): Service {
  const database = createDatabase<MediaDatabase>({
    url: config.databaseUrl,
    applicationName: 'media',
    onIdleError: (error) => logger.warn({ err: error }, 'a database connection broke'),
  })
  const objects = createS3ObjectStore(config.s3)
  const server = createMediaSubgraph({
    database,
    objects,
    stories: createPeer('stories', config.storiesUrl),
    authorizer: createAuthorizer(),
    verify: createInternalTokenVerifier(remoteInternalKeys(config.internalJwksUrl), 'media'),
    createEvent: createEventFactory(),
    newId: createIds(),
    now: Date.now,
    logger,
  })
  return {
    name: 'media',
    start: () => server.listen(config),
    stop: async () => {
      await server.close()
      objects.close()
      await database.close()
    },
  }
}
