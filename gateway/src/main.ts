import { createDatabase } from '@heirloom/postgres'
import { serviceMain } from '@heirloom/subgraph'
import { createGateway, type Gateway } from './app.js'
import type { GatewaySchema } from './auth/gateway-schema.js'
import { readConfig } from './config.js'
import { migrations } from './migrations.js'

await serviceMain(
  {
    name: 'gateway',
    description: 'The gateway: sign-in, sessions, federation and subscriptions.',
    readConfig,
    migrations,
    services: (config, logger) => {
      const database = createDatabase<GatewaySchema>({
        url: config.databaseUrl,
        applicationName: 'gateway',
        onIdleError: (error) => logger.warn({ err: error }, 'a database connection broke'),
      })
      let gateway: Gateway | undefined
      return [
        { name: 'database', start: () => Promise.resolve(), stop: () => database.close() },
        {
          name: 'gateway',
          start: async () => {
            gateway = await createGateway({ config, database, logger })
            return gateway.listen({ host: config.host, port: config.port })
          },
          stop: async () => gateway?.close(),
        },
      ]
    },
  },
  { argv: process.argv.slice(2), env: process.env },
)
