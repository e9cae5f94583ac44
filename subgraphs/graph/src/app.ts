import { auditDenials, createAuditReader, createAuditWriter } from '@heirloom/audit'
import { legacyVisibility, type Authorizer } from '@heirloom/authz'
import { createEventFactory } from '@heirloom/events'
import type { Database } from '@heirloom/postgres'
import { createSubgraphServer, loadSdl, type Peer, type SubgraphServer } from '@heirloom/subgraph'
import type { Logger } from '@heirloom/telemetry'
import { createIds, type NewId, type VerifyInternalToken } from '@heirloom/tenancy'
import type { GraphQLContext } from './context.js'
import { createPeerStoryDirectory } from './data/peer-story-directory.js'
import { createPostgresGraphAdapter } from './data/postgres-graph-adapter.js'
import type { GraphTables } from './data/schema.js'
import { deeds } from './domain/deeds.js'
import { createPeopleReader } from './domain/people-reader.js'
import type { Person } from './domain/person.js'
import { createLoaders } from './loaders.js'
import { resolvers } from './resolvers/index.js'

export type { GraphTables } from './data/schema.js'

export interface GraphDependencies {
  /** As the app role; closed by its owner. */
  readonly database: Database<GraphTables>
  readonly verify: VerifyInternalToken
  readonly authorizer: Authorizer
  /** The stories subgraph, which knows the legacies and stories. */
  readonly stories: Peer
  readonly logger: Logger
  readonly now?: () => number
  readonly newId?: NewId
}

export function createGraphSubgraph(dependencies: GraphDependencies): SubgraphServer {
  const { database, verify, authorizer, logger, now = Date.now } = dependencies
  const newId = dependencies.newId ?? createIds(now)
  const createEvent = createEventFactory(newId, now)
  const audit = createAuditWriter({ service: 'graph', newId, now })

  return createSubgraphServer<GraphQLContext>({
    name: 'graph',
    typeDefs: loadSdl('graph'),
    resolvers,
    verify,
    logger,
    ready: () => database.ping(),
    mutations: auditDenials({ audit, database, deeds, logger }),
    context: (request) => {
      const { tenant, authorization } = request
      const { tenantId } = tenant
      const graph = createPostgresGraphAdapter(database, tenant, createEvent, audit)
      const stories = createPeerStoryDirectory(dependencies.stories, authorization)
      const mayReadPerson = ({ id, legacyId }: Pick<Person, 'id' | 'legacyId'>): boolean =>
        authorizer.allows(tenant, 'person:read', { kind: 'Person', id, tenantId, legacyId })
      const visible = legacyVisibility(authorizer, tenant, 'person:read')
      const legacies = visible === 'all' ? undefined : visible
      const reader = createPeopleReader(graph, { mayReadPerson, legacies }, stories)
      return {
        ...request,
        reader,
        loaders: createLoaders(reader),
        audit: createAuditReader(database.for(tenantId), tenant, authorizer),
        writing: {
          graph,
          stories,
          newId,
          requireWrite: (legacyId) =>
            authorizer.require(tenant, 'person:write', { kind: 'Person', tenantId, legacyId }),
          requireImport: (legacyId) =>
            authorizer.require(tenant, 'tree:import', { kind: 'Legacy', tenantId, legacyId }),
        },
      }
    },
  })
}
