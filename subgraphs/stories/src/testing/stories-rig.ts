import { sql, type RawBuilder } from 'kysely'
import { createAuthorizer, type StoryLevel, type StoryState } from '@heirloom/authz'
import type { DomainEvent } from '@heirloom/events'
import { createDatabase, type Database } from '@heirloom/postgres'
import { createIds, type TenantContext } from '@heirloom/tenancy'
import {
  graphqlClient,
  testDatabase,
  testKeys,
  testLogger,
  testTenant,
  type GraphQLClient,
  type TestDatabase,
  type TestKeys,
} from '@heirloom/testkit'
import { createStoriesSubgraph, type StoriesDatabase } from '../app.js'
import { createSealForMailer } from '../data/seal-for-mailer.js'
import { migrations } from '../migrations.js'

/** The stories subgraph over a real database, for one test file. */
export interface StoriesRig {
  readonly url: string
  readonly database: TestDatabase
  readonly keys: TestKeys
  as(context: TenantContext): Promise<GraphQLClient>
  /** What was announced for a tenant, oldest first. */
  events(context: TenantContext): Promise<readonly DomainEvent[]>
  /** How many rows of the tenant each table holds, whatever row-level security hides. */
  counts(context: TenantContext): Promise<Readonly<Record<CountedTable, number>>>
  /** Writes stories past the subgraph, to have many of them fast; returns their ids in order. */
  addStories(context: TenantContext, legacyId: string, count: number): Promise<readonly string[]>
  /** Likewise, one story for each of these; their ids in the same order. */
  addStoriesIn(
    context: TenantContext,
    legacyId: string,
    stories: readonly StoryIn[],
  ): Promise<readonly string[]>
  /** Gives somebody the role of viewer on so many stories of a legacy, which it writes first. */
  addGrants(
    context: TenantContext,
    to: TenantContext,
    legacyId: string,
    count: number,
  ): Promise<readonly string[]>
  /** Lets an invitation's time be over. */
  expireInvitation(context: TenantContext, id: string): Promise<void>
  /** All that a table holds of a tenant. */
  textOf(context: TenantContext, table: RawBuilder<unknown>): Promise<string>
  /** How many transactions `work` makes the subgraph run. */
  transactionsDuring(work: () => Promise<unknown>): Promise<number>
  close(): Promise<void>
}

export interface StoryIn {
  readonly authorId: string
  readonly state: StoryState
  readonly level: StoryLevel
}

/** What the mailer opens secrets with. */
export const mailerKey = Buffer.alloc(32, 7)

const countedTables = ['legacy', 'story', 'revision', 'outbox', 'idempotency'] as const
type CountedTable = (typeof countedTables)[number]

export async function startStoriesRig(): Promise<StoriesRig> {
  const [database, keys] = await Promise.all([testDatabase(migrations), testKeys()])
  const app = createDatabase<StoriesDatabase>({ url: database.appUrl, applicationName: 'test' })
  const all = createDatabase<unknown>({ url: database.superuserUrl, applicationName: 'look' })
  const counter = { transactions: 0 }
  const server = createStoriesSubgraph({
    database: counting(app, counter),
    authorizer: createAuthorizer(),
    verify: keys.verifier('stories'),
    sealForMailer: createSealForMailer(mailerKey),
    logger: testLogger(),
  })
  const addStories: StoriesRig['addStories'] = async ({ tenantId, actor }, legacyId, count) => {
    const ids = Array.from({ length: count }, createIds())
    await sql`
      insert into story select ${tenantId}, id, ${legacyId}, 'A day', 'It rained.', 'DRAFT', 1,
        ${actor.id}, now(), now(), null, null from unnest(${ids}::text[]) as id`.execute(
      all.unbound,
    )
    return ids
  }
  const url = `${await server.listen({ host: '127.0.0.1', port: 0 })}/graphql`
  return {
    url,
    database,
    keys,
    as: async (context) => graphqlClient(url, await keys.token('stories', context)),
    events: async ({ tenantId }) => {
      const { rows } = await sql<{ event: DomainEvent }>`
        select event from outbox where tenant_id = ${tenantId} order by seq`.execute(all.unbound)
      return rows.map((row) => row.event)
    },
    counts: async ({ tenantId }) => {
      const counted = countedTables.map(
        (table) => sql`(select count(*) from ${sql.table(table)} where tenant_id = ${tenantId})
          as ${sql.ref(table)}`,
      )
      const { rows } = await sql<Record<CountedTable, number>>`select ${sql.join(counted)}`.execute(
        all.unbound,
      )
      if (rows[0] === undefined) throw new Error('nothing was counted')
      return rows[0]
    },
    addStories,
    addStoriesIn: async (context, legacyId, stories) => {
      const ids = await addStories(context, legacyId, stories.length)
      for (const [index, { authorId, state, level }] of stories.entries()) {
        const isPublished = state === 'PUBLISHED'
        const moderation = isPublished || state === 'DRAFT' ? null : state
        await sql`
          update story set author_id = ${authorId}, level = ${level}, moderation = ${moderation},
            status = ${isPublished ? 'PUBLISHED' : 'DRAFT'},
            published_at = ${isPublished ? new Date() : null}
          where story_id = ${ids[index]}`.execute(all.unbound)
      }
      return ids
    },
    addGrants: async (context, to, legacyId, count) => {
      const ids = await addStories(context, legacyId, count)
      await sql`
        insert into role_grant select ${context.tenantId}, ${to.actor.id}, id, ${legacyId}, id,
          'viewer', ${context.actor.id}, now() from unnest(${ids}::text[]) as id`.execute(
        all.unbound,
      )
      return ids
    },
    expireInvitation: async ({ tenantId }, id) => {
      await sql`
        update invitation set expires_at = now()
        where tenant_id = ${tenantId} and invitation_id = ${id}`.execute(all.unbound)
    },
    textOf: async ({ tenantId }, table) => {
      const { rows } = await sql<{ row: string }>`
        select to_jsonb(t)::text as row from ${table} as t where tenant_id = ${tenantId}`.execute(
        all.unbound,
      )
      return rows.map(({ row }) => row).join('\n')
    },
    transactionsDuring: async (work) => {
      const before = counter.transactions
      await work()
      return counter.transactions - before
    },
    close: async () => {
      await server.close()
      await Promise.all([app.close(), all.close()])
      await database.drop()
    },
  }
}

function counting<Schema>(
  database: Database<Schema>,
  counter: { transactions: number },
): Database<Schema> {
  return {
    ...database,
    for: (tenantId) => {
      const bound = database.for(tenantId)
      return {
        ...bound,
        transaction: (work) => {
          counter.transactions += 1
          return bound.transaction(work)
        },
      }
    },
  }
}

/** The same tenant, seen by somebody else. */
export function colleague(of: TenantContext, role: TenantContext['roles'][number]): TenantContext {
  return testTenant({ tenantId: of.tenantId, roles: [role] })
}

const storyFields = 'id title body status revision createdAt updatedAt publishedAt'
const staleFields = `... on StaleRevision { code message expectedRevision current { ${storyFields} } }`

export const documents = {
  createLegacy: `mutation ($input: CreateLegacyInput!) {
    createLegacy(input: $input) { legacy { id slug title description createdAt } }
  }`,
  createStory: `mutation ($input: CreateStoryInput!) {
    createStory(input: $input) { story { ${storyFields} legacy { id } author { id displayName } } }
  }`,
  updateStory: `mutation ($input: UpdateStoryInput!) {
    updateStory(input: $input) {
      __typename ... on UpdateStoryPayload { story { ${storyFields} } } ${staleFields}
    }
  }`,
  publishStory: `mutation ($input: PublishStoryInput!) {
    publishStory(input: $input) {
      __typename ... on PublishStoryPayload { story { ${storyFields} } } ${staleFields}
    }
  }`,
  deleteStory: `mutation ($input: DeleteStoryInput!) {
    deleteStory(input: $input) {
      __typename ... on DeleteStoryPayload { deletedStoryId } ${staleFields}
    }
  }`,
  story: `query ($id: ID!) {
    story(id: $id) {
      ${storyFields} revisions(first: 100) { nodes { id number title body status author { id } } }
    }
  }`,
}

export interface StoryAnswer {
  readonly id: string
  readonly title: string
  readonly body: string
  readonly status: 'DRAFT' | 'PUBLISHED'
  readonly revision: number
  readonly publishedAt: string | null
}

/** Runs a mutation that must succeed; returns what its only field answered. */
export async function run<Answer>(
  gql: GraphQLClient,
  document: string,
  input: Readonly<Record<string, unknown>>,
): Promise<Answer> {
  const { data, errors } = await gql<Record<string, Answer>>(document, { input })
  const [answer] = Object.values(data ?? {})
  if (errors !== undefined || answer === undefined) {
    throw new Error(`the mutation failed: ${JSON.stringify(errors)}`)
  }
  return answer
}

export async function createLegacy(gql: GraphQLClient, title = 'The Smiths'): Promise<string> {
  const { legacy } = await run<{ legacy: { id: string } }>(gql, documents.createLegacy, { title })
  return legacy.id
}

export async function createStory(
  gql: GraphQLClient,
  legacyId: string,
  text: { readonly title?: string; readonly body?: string } = {},
): Promise<StoryAnswer> {
  const input = { legacyId, title: 'A day', body: 'It rained.', ...text }
  return (await run<{ story: StoryAnswer }>(gql, documents.createStory, input)).story
}

export async function publishStory(
  gql: GraphQLClient,
  { id, revision }: StoryAnswer,
): Promise<StoryAnswer> {
  const input = { id, expectedRevision: revision }
  return (await run<{ story: StoryAnswer }>(gql, documents.publishStory, input)).story
}
