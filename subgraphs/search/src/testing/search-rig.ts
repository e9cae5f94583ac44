import { sql } from 'kysely'
import { expect, vi } from 'vitest'
import { createAuthorizer } from '@heirloom/authz'
import {
  createEventFactory,
  createRelay,
  createSnsSqsBus,
  outboxMigrations,
  writeOutbox,
  type DomainEvent,
  type EventBus,
} from '@heirloom/events'
import { createDatabase, type Database } from '@heirloom/postgres'
import { createIds, type TenantContext } from '@heirloom/tenancy'
import {
  graphqlClient,
  testBus,
  testDatabase,
  testKeys,
  testLogger,
  type GraphQLClient,
  type TestKeys,
} from '@heirloom/testkit'
import { createSearchIndexer, createSearchSubgraph } from '../app.js'
import type { StoryDoc } from '../domain/ports.js'
import { migrations } from '../migrations.js'

export const newId = createIds()
const createEvent = createEventFactory(newId)

/** The search subgraph and its indexer over a real database and bus, for one test file. */
export interface SearchRig {
  readonly url: string
  readonly keys: TestKeys
  readonly bus: EventBus
  readonly queueUrl: string
  as(context: TenantContext): Promise<GraphQLClient>
  /** As a writing subgraph does it: outbox, relay, topic, queue, indexer. */
  announce(events: readonly DomainEvent[]): Promise<void>
  /** Resolves when everything announced so far has been handled. */
  settled(): Promise<void>
  /** What the table holds of a tenant, whatever row-level security hides. */
  documents(context: TenantContext): Promise<readonly StoredDocument[]>
  close(): Promise<void>
}

export interface StoredDocument {
  readonly story_id: string
  readonly revision: number
  readonly deleted: boolean
  readonly title: string
  readonly body: string
}

export async function startSearchRig(): Promise<SearchRig> {
  const [db, writer, server, keys] = await Promise.all([
    testDatabase(migrations),
    testDatabase([outboxMigrations]),
    testBus(),
    testKeys(),
  ])
  const logger = testLogger()
  const open = (url: string): Database<unknown> => createDatabase({ url, applicationName: 'test' })
  const app = open(db.appUrl)
  const all = open(db.superuserUrl)
  const outbox = open(writer.appUrl)
  const relayed = open(writer.workerUrl)
  const bus = createSnsSqsBus(server)
  const queueUrl = server.queueUrls['search-indexer']

  const subgraph = createSearchSubgraph({
    database: app,
    authorizer: createAuthorizer(),
    verify: keys.verifier('search'),
    logger,
  })
  const relay = createRelay({ database: relayed, listenUrl: writer.workerUrl, bus, logger })
  const indexer = createSearchIndexer({ bus, queueUrl, database: app, logger })
  const url = `${await subgraph.listen({ host: '127.0.0.1', port: 0 })}/graphql`
  await relay.start()
  await indexer.start()

  const announced = new Set<string>()
  return {
    url,
    keys,
    bus,
    queueUrl,
    as: async (context) => graphqlClient(url, await keys.token('search', context)),
    announce: async (events) => {
      for (const event of events) {
        announced.add(event.id)
        await outbox.for(event.tenant_id).transaction((trx) => writeOutbox(trx, [event]))
      }
    },
    settled: async () => {
      await vi.waitFor(
        async () => {
          const { rows } = await sql<{ event_id: string }>`select event_id from inbox`.execute(
            all.unbound,
          )
          const applied = new Set(rows.map((row) => row.event_id))
          expect([...announced].filter((id) => !applied.has(id))).toEqual([])
        },
        { timeout: 10_000, interval: 20 },
      )
    },
    documents: async ({ tenantId }) => {
      const { rows } = await sql<StoredDocument>`
        select story_id, revision, deleted, title, body from story_document
        where tenant_id = ${tenantId} order by story_id`.execute(all.unbound)
      return rows
    },
    close: async () => {
      await Promise.all([relay.stop(), indexer.stop(), subgraph.close()])
      bus.close()
      await Promise.all([app.close(), all.close(), outbox.close(), relayed.close()])
      await server.close()
      await Promise.all([db.drop(), writer.drop()])
    },
  }
}

export function story(overrides: Partial<StoryDoc> = {}): StoryDoc {
  return {
    storyId: newId(),
    legacyId: newId(),
    revision: 1,
    authorId: 'somebody',
    state: 'PUBLISHED',
    level: 'TENANT',
    title: 'The crossing',
    body: 'We sailed from Bergen in April.',
    ...overrides,
  }
}

export function told(context: TenantContext, doc: StoryDoc, type = 'StoryUpdated'): DomainEvent {
  return createEvent(context, {
    type,
    version: 1,
    resource: { kind: 'Story', id: doc.storyId },
    payload: {
      legacy_id: doc.legacyId,
      story_id: doc.storyId,
      revision: doc.revision,
      title: doc.title,
      body: doc.body,
      status: doc.state === 'PUBLISHED' ? 'PUBLISHED' : 'DRAFT',
      state: doc.state,
      level: doc.level,
      author_id: doc.authorId,
    },
  })
}

export function deleted(context: TenantContext, doc: StoryDoc, revision: number): DomainEvent {
  return createEvent(context, {
    type: 'StoryDeleted',
    version: 1,
    resource: { kind: 'Story', id: doc.storyId },
    payload: { legacy_id: doc.legacyId, story_id: doc.storyId, revision },
  })
}

interface SearchAnswer {
  readonly searchStories: {
    readonly totalCount: number
    readonly pageInfo: { readonly endCursor: string | null; readonly hasNextPage: boolean }
    readonly nodes: readonly {
      readonly story: { readonly id: string }
      readonly score: number
      readonly highlights: readonly string[]
    }[]
  }
}

export interface SearchArgs {
  readonly query: string
  readonly legacyId?: string
  readonly first?: number
  readonly after?: string | null
}

export function search(client: GraphQLClient, args: SearchArgs) {
  return client<SearchAnswer>(
    `query Search($query: String!, $legacyId: ID, $first: Int, $after: String) {
      searchStories(query: $query, legacyId: $legacyId, first: $first, after: $after) {
        totalCount
        pageInfo { endCursor hasNextPage }
        nodes { score highlights story { id } }
      }
    }`,
    { ...args },
  )
}

/** The ids found, best first. */
export async function found(client: GraphQLClient, query: string): Promise<readonly string[]> {
  const { data, errors } = await search(client, { query })
  if (data === null || data === undefined) throw new Error(errors?.[0]?.message ?? 'no answer')
  return data.searchStories.nodes.map((node) => node.story.id)
}
