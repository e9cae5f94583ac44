import { auditAttempts, createAuditReader, createAuditWriter } from '@heirloom/audit'
import type { Authorizer } from '@heirloom/authz'
import type { Database } from '@heirloom/postgres'
import {
  createCursorCodec,
  createStreamReaders,
  type CursorKey,
  type StreamLimits,
} from '@heirloom/streams'
import { createSubgraphServer, loadSdl, type Peer, type SubgraphServer } from '@heirloom/subgraph'
import type { Logger } from '@heirloom/telemetry'
import type { VerifyInternalToken } from '@heirloom/tenancy'
import type { GraphQLContext } from './context.js'
import type { OpenedStores } from './data/opened-documents.js'
import { createPeerLegacies } from './data/peer-legacies.js'
import { createRegistryDiagnostics } from './data/registry-diagnostics.js'
import { createRegistryMigrations } from './data/registry-migrations.js'
import { createRegistryRoutes } from './data/registry-routes.js'
import { createRoutedStores } from './data/routed-stores.js'
import { deeds } from './domain/deeds.js'
import type { PlacedEvent } from './domain/stream-event.js'
import { guardStores } from './domain/stores/guarded-stores.js'
import { resolvers } from './resolvers/index.js'
import { streamEventTexts } from './resolvers/stream-event-text.js'
import type { Storage } from './storage.js'

export { createOpenedDocuments, defaultDocumentsConfig } from './data/opened-documents.js'
export { createStorage, type Storage, type StorageOptions } from './storage.js'
export { createStreamRetention } from './workers/stream-retention.js'
export { createTimelineProjector } from './workers/timeline-projector.js'

export interface StorageDependencies {
  /** Started and stopped by its owner. */
  readonly storage: Storage
  /** Where the audit log is, as the app role; closed by its owner. */
  readonly database: Database<unknown>
  /** Likewise. */
  readonly documents: OpenedStores
  /** The stories subgraph. */
  readonly stories: Peer
  readonly verify: VerifyInternalToken
  readonly authorizer: Authorizer
  readonly cursorKeys: readonly [CursorKey, ...CursorKey[]]
  readonly pollIntervalMs: number
  /** How long a subscription may go on before its caller is authorised anew. */
  readonly subscriptionLifeMs: number
  readonly streamLimits?: Partial<StreamLimits>
  readonly logger: Logger
  readonly now?: () => number
}

export function createStorageSubgraph(dependencies: StorageDependencies): SubgraphServer {
  const { storage, documents, stories, verify, authorizer, logger, now = Date.now } = dependencies
  const { database } = dependencies
  const audit = createAuditWriter({ service: 'storage', now })
  const cursors = createCursorCodec(dependencies.cursorKeys)
  const systemTenant = storage.registry.tenantId
  const routes = createRegistryRoutes(storage.registry, storage.backends)
  const migrations = createRegistryMigrations(
    storage.migrations,
    storage.registry,
    storage.backends,
  )
  const diagnostics = createRegistryDiagnostics(storage.registry, storage.backends, storage.meters)

  const { pollIntervalMs, subscriptionLifeMs } = dependencies
  const readers = createStreamReaders<PlacedEvent>({
    limits: { pollIntervalMs, ...dependencies.streamLimits },
    now,
  })

  const server = createSubgraphServer<GraphQLContext>({
    name: 'storage',
    typeDefs: loadSdl('storage'),
    resolvers,
    verify,
    logger,
    ready: () => storage.registry.ping(),
    mutations: auditAttempts({ audit, database, deeds, logger }),
    context: (request) => ({
      ...request,
      audit: createAuditReader(database.for(request.tenant.tenantId), request.tenant, authorizer),
      scope: {
        tenant: request.tenant,
        authorizer,
        streams: storage.streams.for(request.tenant.tenantId),
        stores: guardStores(
          createRoutedStores(storage.records, documents, request.tenant, systemTenant, now),
          authorizer,
          request.tenant,
          systemTenant,
        ),
        feedNotes: storage.feedNotes.for(request.tenant),
        legacies: createPeerLegacies(stories, request.authorization),
        routes,
        migrations,
        diagnostics,
        cursors,
        now,
        report: (error, what) => {
          logger.warn({ err: error, request_id: request.tenant.requestId }, what)
        },
        readers,
        subscriptionLifeMs,
      },
    }),
    resultTexts: streamEventTexts,
  })
  return {
    ...server,
    close: async () => {
      // Sockets first: a subscription that ends under an open one would be told so for nothing.
      await server.close()
      await readers.close()
    },
  }
}
