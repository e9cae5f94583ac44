import {
  auditDenials,
  createAuditReader,
  createAuditWriter,
  type AuditWriter,
} from '@heirloom/audit'
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
import { deeds } from './domain/deeds.js'
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
  const { newId, now, database, logger } = dependencies
  const audit = createAuditWriter({ service: 'plugins', newId, now })
  return createSubgraphServer<GraphQLContext>({
    name: 'plugins',
    typeDefs: loadSdl('plugins'),
    resolvers,
    verify: dependencies.verify,
    logger,
    ready: () => database.ping(),
    mutations: auditDenials({ audit, database, deeds, logger }),
    context: (request) => contextOf(dependencies, audit, request),
  })
}

function contextOf(
  dependencies: PluginsDependencies,
  audit: AuditWriter,
  request: RequestContext,
): GraphQLContext {
  const { database, authorizer, newId, now } = dependencies
  const { tenant } = request
  const bound = database.for(tenant.tenantId)
  const store = createPostgresPluginStore(bound, tenant, audit)
  const scope: PluginScope = { tenant, authorizer, store, isPublicHost, newId, now }
  return {
    ...request,
    scope,
    audit: createAuditReader(bound, tenant, authorizer),
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
