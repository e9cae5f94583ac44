import {
  auditDenials,
  createAuditReader,
  createAuditWriter,
  type AuditWriter,
} from '@heirloom/audit'
import { createExplainer, type Authorizer } from '@heirloom/authz'
import { createEventFactory } from '@heirloom/events'
import type { Database } from '@heirloom/postgres'
import { createSubgraphServer, loadSdl, type SubgraphServer } from '@heirloom/subgraph'
import type { Logger } from '@heirloom/telemetry'
import { createIds, type NewId, type TenantId, type VerifyInternalToken } from '@heirloom/tenancy'
import type { GraphQLContext } from './context.js'
import { createPostgresStoriesStore } from './data/postgres-stories-store.js'
import type { StoriesDatabase } from './data/schema.js'
import type { Scope } from './domain/scope.js'
import { deeds } from './domain/deeds.js'
import { createLoaders } from './loaders.js'
import { resolvers } from './resolvers/index.js'

export type { StoriesDatabase } from './data/schema.js'

export interface StoriesDependencies {
  /** As the app role; closed by its owner. */
  readonly database: Database<StoriesDatabase>
  readonly verify: VerifyInternalToken
  readonly authorizer: Authorizer
  /** Seals what is for the mailer alone; without it the mailer is told no secrets. */
  readonly sealForMailer?: Scope['sealForMailer'] | undefined
  readonly logger: Logger
  readonly now?: () => number
  readonly newId?: NewId
  readonly audit?: AuditWriter
}

export function createStoriesSubgraph(dependencies: StoriesDependencies): SubgraphServer {
  const { database, verify, authorizer, logger, now = Date.now } = dependencies
  const newId = dependencies.newId ?? createIds(now)
  const createEvent = createEventFactory(newId, now)
  const audit = dependencies.audit ?? createAuditWriter({ service: 'stories', newId, now })

  const explain = createExplainer()

  return createSubgraphServer<GraphQLContext>({
    name: 'stories',
    typeDefs: loadSdl('stories'),
    resolvers,
    verify,
    logger,
    ready: () => database.ping(),
    mutations: auditDenials({ audit, database, deeds, logger }),
    context: (request) => {
      const { tenant } = request
      const bound = database.for(tenant.tenantId)
      const storeOf = (id: TenantId) =>
        createPostgresStoriesStore(database.for(id), tenant, createEvent, audit)
      const scope: Scope = {
        tenant,
        authorizer,
        store: storeOf(tenant.tenantId),
        explain,
        readsOf: storeOf,
        newId,
        now: () => new Date(now()),
        sealForMailer: dependencies.sealForMailer ?? (() => Promise.resolve(null)),
      }
      return {
        ...request,
        scope,
        loaders: createLoaders(scope),
        audit: createAuditReader(bound, tenant, authorizer),
      }
    },
  })
}
