import { createSubgraphServer, requestContext } from '@heirloom/subgraph'
import { createIds, type TenantContext, type VerifyInternalToken } from '@heirloom/tenancy'
import { testLogger } from './logger.js'

const newId = createIds()

export interface StoriesStandIn {
  readonly url: string
  add(typename: 'Legacy' | 'Story', context: TenantContext): string
  remove(id: string): void
  close(): Promise<void>
}

/**
 * A real subgraph server that knows legacies and stories by tenant and id, in the place of the
 * stories subgraph: subgraphs do not import each other, and the end-to-end tests join the two.
 */
export async function startStoriesStandIn(verify: VerifyInternalToken): Promise<StoriesStandIn> {
  const tenantOf = new Map<string, string>()
  const reference = {
    __resolveReference: (
      { __typename, id }: { __typename: string; id: string },
      { tenant }: { tenant: TenantContext },
    ) => (tenantOf.get(id) === `${tenant.tenantId} ${__typename}` ? { __typename, id } : null),
  }
  const server = createSubgraphServer({
    name: 'stories',
    typeDefs: `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
      type Legacy @key(fields: "id") { id: ID! }
      type Story @key(fields: "id") { id: ID! }
      type Query { legacy: Legacy story: Story }`,
    resolvers: { Legacy: reference, Story: reference },
    verify,
    context: ({ tenant, authorization }) => requestContext(tenant, authorization),
    logger: testLogger(),
  })
  const address = await server.listen({ host: '127.0.0.1', port: 0 })
  return {
    url: `${address}/graphql`,
    add: (typename, { tenantId }) => {
      const id = newId()
      tenantOf.set(id, `${tenantId} ${typename}`)
      return id
    },
    remove: (id) => void tenantOf.delete(id),
    close: () => server.close(),
  }
}
