import { createAuditWriter } from '@heirloom/audit'
import { createEventFactory } from '@heirloom/events'
import { createDatabase } from '@heirloom/postgres'
import { testDatabase } from '@heirloom/testkit'
import { migrations } from '../migrations.js'
import { lookInto } from '../testing/look.js'
import type { GraphBackend } from './contract/backend.js'
import { graphAdapterContract } from './graph-adapter.contract.js'
import { createPostgresGraphAdapter } from './postgres-graph-adapter.js'
import type { GraphTables } from './schema.js'

/** One line per backend: each must pass the whole contract. */
const backends: Readonly<Record<string, () => Promise<GraphBackend>>> = {
  Postgres: startPostgres,
}

for (const [name, start] of Object.entries(backends)) graphAdapterContract(name, start)

async function startPostgres(): Promise<GraphBackend> {
  const database = await testDatabase(migrations)
  const app = createDatabase<GraphTables>({ url: database.appUrl, applicationName: 'test' })
  const look = lookInto(database.superuserUrl)
  const createEvent = createEventFactory()
  const audit = createAuditWriter({ service: 'graph' })
  return {
    adapter: (context) => createPostgresGraphAdapter(app, context, createEvent, audit),
    events: (context) => look.events(context),
    close: async () => {
      await Promise.all([app.close(), look.close()])
      await database.drop()
    },
  }
}
