import { createSubgraphServer, requestContext } from '@heirloom/subgraph'
import { createIds, type TenantContext, type VerifyInternalToken } from '@heirloom/tenancy'
import { testLogger } from '@heirloom/testkit'

export interface StoriesStandIn {
  readonly url: string
  addLegacy(context: TenantContext): string
  close(): Promise<void>
}

const newId = createIds()

/** A subgraph that knows legacies by tenant and id, in the place of the real one. */
export async function startStoriesStandIn(verify: VerifyInternalToken): Promise<StoriesStandIn> {
  const known = new Set<string>()
  const server = createSubgraphServer({
    name: 'stories',
    typeDefs: `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
      type Legacy @key(fields: "id") { id: ID! }
      type Query { legacy: Legacy }`,
    resolvers: {
      Legacy: {
        __resolveReference: ({ id }: { id: string }, { tenant }: { tenant: TenantContext }) =>
          known.has(`${tenant.tenantId}/${id}`) ? { id } : null,
      },
    },
    verify,
    context: ({ tenant, authorization }) => requestContext(tenant, authorization),
    logger: testLogger(),
  })
  const address = await server.listen({ host: '127.0.0.1', port: 0 })
  return {
    url: `${address}/graphql`,
    addLegacy: ({ tenantId }) => {
      const id = newId()
      known.add(`${tenantId}/${id}`)
      return id
    },
    close: () => server.close(),
  }
}
