import { createAuthorizer } from '@heirloom/authz'
import { createDatabase, type Database } from '@heirloom/postgres'
import { createPeer } from '@heirloom/subgraph'
import { createIds, type TenantContext } from '@heirloom/tenancy'
import {
  graphqlClient,
  testDatabase,
  testKeys,
  testLogger,
  type GraphQLClient,
} from '@heirloom/testkit'
import { createGraphSubgraph, type GraphTables } from '../app.js'
import { migrations } from '../migrations.js'
import { lookInto, type Look } from './look.js'
import { startStoriesStandIn, type StoriesStandIn } from '@heirloom/testkit'

/** The graph subgraph over a real database, for one test file. */
export interface GraphRig {
  readonly url: string
  readonly stories: StoriesStandIn
  readonly look: Look
  /** Transactions that the subgraph has run so far. */
  transactions(): number
  as(context: TenantContext): Promise<GraphQLClient>
  token(context: TenantContext, now?: () => number, audience?: string): Promise<string>
  close(): Promise<void>
}

export const newId = createIds()

export async function startGraphRig(): Promise<GraphRig> {
  const [database, keys] = await Promise.all([testDatabase(migrations), testKeys()])
  const stories = await startStoriesStandIn(keys.verifier('graph'))
  const app = createDatabase<GraphTables>({ url: database.appUrl, applicationName: 'test' })
  const look = lookInto(database.superuserUrl)
  let transactions = 0
  const server = createGraphSubgraph({
    database: counted(app, () => (transactions += 1)),
    verify: keys.verifier('graph'),
    authorizer: createAuthorizer(),
    stories: createPeer('stories', stories.url),
    logger: testLogger(),
  })
  const url = `${await server.listen({ host: '127.0.0.1', port: 0 })}/graphql`
  return {
    url,
    stories,
    look,
    transactions: () => transactions,
    as: async (context) => graphqlClient(url, await keys.token('graph', context)),
    token: (context, now, audience = 'graph') => keys.token(audience, context, now),
    close: async () => {
      await server.close()
      await stories.close()
      await Promise.all([app.close(), look.close()])
      await database.drop()
    },
  }
}

function counted(database: Database<GraphTables>, count: () => void): Database<GraphTables> {
  return {
    ...database,
    for: (tenantId) => {
      const bound = database.for(tenantId)
      return {
        ...bound,
        transaction: (work) => {
          count()
          return bound.transaction(work)
        },
      }
    },
  }
}
