import { createSubgraphServer, requestContext } from '@heirloom/subgraph'
import { createIds, type TenantContext, type VerifyInternalToken } from '@heirloom/tenancy'
import { testLogger } from './logger.js'

const newId = createIds()

export interface StoriesStandIn {
  readonly url: string
  /** A story is of the legacy that the tenant got last, unless another one is named. */
  add(typename: 'Legacy' | 'Story', context: TenantContext, legacyId?: string): string
  remove(id: string): void
  close(): Promise<void>
}

/**
 * A real subgraph server that knows legacies and stories by tenant and id, in the place of the
 * stories subgraph: subgraphs do not import each other, and the end-to-end tests join the two.
 */
export async function startStoriesStandIn(verify: VerifyInternalToken): Promise<StoriesStandIn> {
  const tenantOf = new Map<string, string>()
  const newestLegacyOf = new Map<string, string>()
  const legacyOfStory = new Map<string, string>()
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
      type Story @key(fields: "id") { id: ID! legacy: Legacy! }
      type Query { legacy: Legacy story: Story }`,
    resolvers: {
      Legacy: reference,
      Story: {
        ...reference,
        legacy: ({ id }: { id: string }) => ({ __typename: 'Legacy', id: legacyOfStory.get(id) }),
      },
    },
    verify,
    context: ({ tenant, authorization }) => requestContext(tenant, authorization),
    logger: testLogger(),
  })
  const address = await server.listen({ host: '127.0.0.1', port: 0 })
  return {
    url: `${address}/graphql`,
    add: (typename, { tenantId }, legacyId) => {
      const id = newId()
      tenantOf.set(id, `${tenantId} ${typename}`)
      if (typename === 'Legacy') newestLegacyOf.set(tenantId, id)
      else legacyOfStory.set(id, legacyId ?? newestLegacyOf.get(tenantId) ?? newId())
      return id
    },
    remove: (id) => void tenantOf.delete(id),
    close: () => server.close(),
  }
}
