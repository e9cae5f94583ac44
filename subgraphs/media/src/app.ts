import {
  auditDenials,
  createAuditReader,
  createAuditWriter,
  type AuditWriter,
} from '@heirloom/audit'
import type { Authorizer } from '@heirloom/authz'
import type { CreateEvent } from '@heirloom/events'
import type { Database } from '@heirloom/postgres'
import {
  createSubgraphServer,
  listLoader,
  loader,
  loadSdl,
  type Peer,
  type RequestContext,
  type SubgraphServer,
} from '@heirloom/subgraph'
import type { Logger } from '@heirloom/telemetry'
import type { NewId, VerifyInternalToken } from '@heirloom/tenancy'
import type { GraphQLContext } from './context.js'
import { createStoriesPeer } from './data/peer-stories.js'
import { createPostgresMediaStore } from './data/postgres-media-store.js'
import type { MediaDatabase } from './data/schema.js'
import { deeds } from './domain/deeds.js'
import { readable, type MediaScope } from './domain/media.js'
import { mediaId, storyId, type MediaAsset } from './domain/media-asset.js'
import type { ObjectStore } from './domain/ports.js'
import { resolvers } from './resolvers/index.js'

export interface MediaDependencies {
  readonly database: Database<MediaDatabase>
  readonly objects: ObjectStore
  /** The stories subgraph. */
  readonly stories: Peer
  readonly authorizer: Authorizer
  readonly verify: VerifyInternalToken
  readonly createEvent: CreateEvent
  readonly newId: NewId
  readonly now: () => number
  readonly logger: Logger
}

export function createMediaSubgraph(dependencies: MediaDependencies): SubgraphServer {
  const { newId, now, database, logger } = dependencies
  const audit = createAuditWriter({ service: 'media', newId, now })
  return createSubgraphServer<GraphQLContext>({
    name: 'media',
    typeDefs: loadSdl('media'),
    resolvers,
    verify: dependencies.verify,
    logger,
    ready: () => database.ping(),
    mutations: auditDenials({ audit, database, deeds, logger }),
    context: (request) => contextOf(dependencies, audit, request),
  })
}

function contextOf(
  dependencies: MediaDependencies,
  audit: AuditWriter,
  request: RequestContext,
): GraphQLContext {
  const { database, objects, authorizer, newId, now, createEvent } = dependencies
  const { tenant } = request
  const bound = database.for(tenant.tenantId)
  const media: MediaScope = {
    tenant,
    authorizer,
    store: createPostgresMediaStore(bound, tenant, createEvent, audit),
    objects,
    stories: createStoriesPeer(dependencies.stories, request.authorization),
    newId,
    now,
  }
  return {
    ...request,
    media,
    audit: createAuditReader(bound, tenant, authorizer),
    assets: loader(
      (ids) => readKnown(media, ids.map(mediaId), (known) => media.store.find(known)),
      (asset) => asset.id,
    ),
    assetsOfStory: listLoader(
      (ids) => readKnown(media, ids.map(storyId), (known) => media.store.ofStories(known)),
      (asset) => asset.storyId ?? '',
    ),
  }
}

/** Malformed ids are left out: they load as what is not there. */
async function readKnown<Id>(
  media: MediaScope,
  ids: readonly (Id | null)[],
  read: (ids: readonly Id[]) => Promise<readonly MediaAsset[]>,
): Promise<readonly MediaAsset[]> {
  const known = ids.filter((id) => id !== null)
  return known.length === 0 ? [] : readable(media, await read(known))
}
