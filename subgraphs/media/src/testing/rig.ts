import { sql } from 'kysely'
import { createAuthorizer } from '@heirloom/authz'
import { createEventFactory, type DomainEvent } from '@heirloom/events'
import { createDatabase } from '@heirloom/postgres'
import { createPeer } from '@heirloom/subgraph'
import { createIds, type TenantContext } from '@heirloom/tenancy'
import {
  graphqlClient,
  testBus,
  testDatabase,
  testKeys,
  testLogger,
  type GraphQLClient,
  startStoriesStandIn,
} from '@heirloom/testkit'
import { createMediaSubgraph } from '../app.js'
import type { MediaDatabase } from '../data/schema.js'
import { createS3ObjectStore } from '../data/s3-object-store.js'
import { migrations } from '../migrations.js'

/** The media subgraph over a real database and object store, for one test file. */
export interface MediaRig {
  readonly url: string
  as(context: TenantContext): Promise<GraphQLClient>
  token(context: TenantContext, now?: () => number): Promise<string>
  /** Makes a legacy or a story known to the stories subgraph's stand-in. */
  add(typename: 'Legacy' | 'Story', context: TenantContext, legacyId?: string): string
  /** From now on nobody may read it. */
  remove(id: string): void
  /** What the subgraph announced for a tenant, oldest first. */
  events(context: TenantContext): Promise<readonly DomainEvent[]>
  /** Whatever row-level security hides: rows of a tenant, counted as superuser. */
  countRows(context: TenantContext): Promise<number>
  close(): Promise<void>
}

export const newId = createIds()

export async function startMediaRig(): Promise<MediaRig> {
  const [database, bus, keys] = await Promise.all([testDatabase(migrations), testBus(), testKeys()])
  const logger = testLogger()
  const stories = await startStoriesStandIn(keys.verifier('media'))
  const app = createDatabase<MediaDatabase>({ url: database.appUrl, applicationName: 'test' })
  const all = createDatabase<never>({ url: database.superuserUrl, applicationName: 'look' })
  const objects = createS3ObjectStore(bus)
  const server = createMediaSubgraph({
    database: app,
    objects,
    stories: createPeer('stories', stories.url),
    authorizer: createAuthorizer(),
    verify: keys.verifier('media'),
    createEvent: createEventFactory(),
    newId,
    now: Date.now,
    logger,
  })
  const url = `${await server.listen({ host: '127.0.0.1', port: 0 })}/graphql`
  return {
    url,
    as: async (context) => graphqlClient(url, await keys.token('media', context)),
    token: (context, now) => keys.token('media', context, now),
    add: (typename, context, legacyId) => stories.add(typename, context, legacyId),
    remove: (id) => stories.remove(id),
    events: async ({ tenantId }) => {
      const { rows } = await sql<{ event: DomainEvent }>`
        select event from outbox where tenant_id = ${tenantId} order by seq`.execute(all.unbound)
      return rows.map((row) => row.event)
    },
    countRows: async ({ tenantId }) => {
      const { rows } = await sql<{ count: number }>`
        select count(*) from media_asset where tenant_id = ${tenantId}`.execute(all.unbound)
      return rows[0]?.count ?? 0
    },
    close: async () => {
      await server.close()
      await stories.close()
      objects.close()
      await Promise.all([app.close(), all.close(), bus.close()])
      await database.drop()
    },
  }
}
