import { createAuthorizer } from '@heirloom/authz'
import { createDatabase } from '@heirloom/postgres'
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
import { startStoriesStandIn, type StoriesStandIn } from './stories-stand-in.js'

/** The graph subgraph over a real database, for one test file. */
export interface GraphRig {
  readonly url: string
  readonly stories: StoriesStandIn
  readonly look: Look
  as(context: TenantContext): Promise<GraphQLClient>
  token(context: TenantContext, now?: () => number): Promise<string>
  close(): Promise<void>
}

export const newId = createIds()

export async function startGraphRig(): Promise<GraphRig> {
  const [database, keys] = await Promise.all([testDatabase(migrations), testKeys()])
  const stories = await startStoriesStandIn(keys.verifier('graph'))
  const app = createDatabase<GraphTables>({ url: database.appUrl, applicationName: 'test' })
  const look = lookInto(database.superuserUrl)
  const server = createGraphSubgraph({
    database: app,
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
    as: async (context) => graphqlClient(url, await keys.token('graph', context)),
    token: (context, now) => keys.token('graph', context, now),
    close: async () => {
      await server.close()
      await stories.close()
      await Promise.all([app.close(), look.close()])
      await database.drop()
    },
  }
}
