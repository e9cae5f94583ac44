import type { GraphQLDataSource } from '@apollo/gateway'
import type { Caller, FetchSubgraph } from './subgraph-request.js'

/** What the resolvers of Apollo's executor, that is its data sources, know of a request. */
export interface GatewayContext {
  readonly caller: Caller
}

/** Puts our subgraph client under Apollo's executor. */
export function createDataSource(
  subgraph: string,
  fetchSubgraph: FetchSubgraph,
): GraphQLDataSource<GatewayContext> {
  return {
    process: async ({ request, context }) => {
      const { caller } = context as GatewayContext
      const answer = await fetchSubgraph({
        subgraph,
        query: request.query ?? '',
        operationName: request.operationName,
        variables: request.variables ?? {},
        caller,
      })
      return answer
    },
  }
}
