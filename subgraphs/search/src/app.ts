import type { Authorizer } from '@heirloom/authz'
import type { Database } from '@heirloom/postgres'
import { createSubgraphServer, loadSdl, type SubgraphServer } from '@heirloom/subgraph'
import type { Logger } from '@heirloom/telemetry'
import type { VerifyInternalToken } from '@heirloom/tenancy'
import type { GraphQLContext } from './context.js'
import { createPostgresSearchAdapter } from './data/postgres-search-adapter.js'
import { resolvers } from './resolvers/index.js'

export { createSearchIndexer, type SearchIndexerOptions } from './workers/search-indexer.js'

export interface SearchDependencies {
  /** As the app role; closed by its owner. */
  readonly database: Database<unknown>
  readonly verify: VerifyInternalToken
  readonly authorizer: Authorizer
  readonly logger: Logger
}

export function createSearchSubgraph(dependencies: SearchDependencies): SubgraphServer {
  const { database, verify, authorizer, logger } = dependencies
  return createSubgraphServer<GraphQLContext>({
    name: 'search',
    typeDefs: loadSdl('search'),
    resolvers,
    verify,
    logger,
    ready: () => database.ping(),
    context: (request) => {
      const { tenant } = request
      const bound = database.for(tenant.tenantId)
      const index = createPostgresSearchAdapter((work) => bound.transaction(work))
      return { ...request, scope: { tenant, authorizer, index } }
    },
  })
}
