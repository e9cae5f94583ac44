import { createDatabase } from '@heirloom/postgres'
import type { Logger } from '@heirloom/telemetry'
import { createRelay } from './relay.js'
import type { Service } from './service.js'
import { createSnsSqsBus, type SnsSqsBusOptions } from './sns-sqs/bus.js'

export interface OutboxRelayOptions extends SnsSqsBusOptions {
  /** The service whose outbox it is, for pg_stat_activity. */
  readonly name: string
  /** As the worker role. */
  readonly databaseUrl: string
  readonly logger: Logger
}

/** The relay of one service's outbox to SNS, with a database and a bus of its own. */
export function createOutboxRelay(options: OutboxRelayOptions): Service {
  const { databaseUrl, logger } = options
  const database = createDatabase<unknown>({
    url: databaseUrl,
    applicationName: `${options.name} relay`,
    onIdleError: (error) => logger.warn({ err: error }, 'a database connection broke'),
  })
  const bus = createSnsSqsBus(options)
  const relay = createRelay({ database, listenUrl: databaseUrl, bus, logger })
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
