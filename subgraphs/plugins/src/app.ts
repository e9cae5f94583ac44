import type { Authorizer } from '@heirloom/authz'
import { isPublicHost } from '@heirloom/outgoing'
import type { Database } from '@heirloom/postgres'
import {
  createSubgraphServer,
  loader,
  loadSdl,
  type RequestContext,
  type SubgraphServer,
} from '@heirloom/subgraph'
import type { Logger } from '@heirloom/telemetry'
import type { NewId, VerifyInternalToken } from '@heirloom/tenancy'
import type { GraphQLContext } from './context.js'
import { createPostgresPluginStore } from './data/postgres-plugin-store.js'
import type { PluginDatabase } from './data/schema.js'
import { pluginId } from './domain/plugin.js'
import { findPlugins, type PluginScope } from './domain/plugins.js'
import { resolvers } from './resolvers/index.js'

export interface PluginsDependencies {
  readonly database: Database<PluginDatabase>
  readonly authorizer: Authorizer
  readonly verify: VerifyInternalToken
  readonly newId: NewId
  readonly now: () => number
  readonly logger: Logger
}

export function createPluginsSubgraph(dependencies: PluginsDependencies): SubgraphServer {
  return createSubgraphServer<GraphQLContext>({
    name: 'plugins',
    typeDefs: loadSdl('plugins'),
    resolvers,
    verify: dependencies.verify,
    logger: dependencies.logger,
    ready: () => dependencies.database.ping(),
    context: (request) => contextOf(dependencies, request),
  })
}

function contextOf(dependencies: PluginsDependencies, request: RequestContext): GraphQLContext {
  const { database, authorizer, newId, now } = dependencies
  const { tenant } = request
  const store = createPostgresPluginStore(database.for(tenant.tenantId))
  const scope: PluginScope = { tenant, authorizer, store, isPublicHost, newId, now }
  return {
    ...request,
    scope,
    plugins: loader(
      // Malformed ids are left out: they load as what is not there.
      (ids) =>
        findPlugins(
          scope,
          ids.map(pluginId).filter((id) => id !== null),
        ),
      ({ id }) => id,
    ),
  }
}
