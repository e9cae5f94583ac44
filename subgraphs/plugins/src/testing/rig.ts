import { createAuthorizer } from '@heirloom/authz'
import { createDatabase } from '@heirloom/postgres'
import { createIds, type TenantContext } from '@heirloom/tenancy'
import {
  graphqlClient,
  testDatabase,
  testKeys,
  testLogger,
  type GraphQLClient,
} from '@heirloom/testkit'
import { createPluginsSubgraph } from '../app.js'
import type { PluginDatabase, PluginTable } from '../data/schema.js'
import { migrations } from '../migrations.js'

/** The plugins subgraph over a real database, for one test file. */
export interface PluginsRig {
  readonly url: string
  as(context: TenantContext): Promise<GraphQLClient>
  token(context: TenantContext, now?: () => number): Promise<string>
  /** What is stored for a tenant, seen past row-level security. */
  rows(context: TenantContext): Promise<readonly PluginTable[]>
  /** As if an administrator had switched every plugin of the tenant on. */
  enableAll(context: TenantContext): Promise<void>
  close(): Promise<void>
}

export async function startPluginsRig(): Promise<PluginsRig> {
  const [database, keys] = await Promise.all([testDatabase(migrations), testKeys()])
  const app = createDatabase<PluginDatabase>({ url: database.appUrl, applicationName: 'test' })
  const all = createDatabase<PluginDatabase>({
    url: database.superuserUrl,
    applicationName: 'look',
  })
  const server = createPluginsSubgraph({
    database: app,
    authorizer: createAuthorizer(),
    verify: keys.verifier('plugins'),
    newId: createIds(),
    now: Date.now,
    logger: testLogger(),
  })
  const url = `${await server.listen({ host: '127.0.0.1', port: 0 })}/graphql`
  return {
    url,
    as: async (context) => graphqlClient(url, await keys.token('plugins', context)),
    token: (context, now) => keys.token('plugins', context, now),
    rows: ({ tenantId }) =>
      all.unbound.selectFrom('plugin').selectAll().where('tenant_id', '=', tenantId).execute(),
    enableAll: async ({ tenantId }) => {
      await all.unbound
        .updateTable('plugin')
        .set({ status: 'ENABLED' })
        .where('tenant_id', '=', tenantId)
        .execute()
    },
    close: async () => {
      await server.close()
      await Promise.all([app.close(), all.close()])
      await database.drop()
    },
  }
}
