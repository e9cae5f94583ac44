import type { GraphQLClient } from './graphql-client.js'

export interface ToldDeed {
  readonly actor: string
  readonly action: string
  readonly resource: { readonly kind: string; readonly id: string | null }
  readonly outcome: string
  readonly code: string | null
  readonly sourceIp: string | null
}

/** What the audit log of a subgraph tells its caller, oldest first. */
export async function readAuditLog(
  gql: GraphQLClient,
  subgraph: string,
): Promise<readonly ToldDeed[]> {
  const { data, errors } = await gql<{ audit: { list: { nodes: readonly ToldDeed[] } | null } }>(
    `{ audit { list: ${subgraph}(first: 100) { nodes {
      actor action resource { kind id } outcome code sourceIp } } } }`,
  )
  if (data?.audit.list === null || data?.audit.list === undefined) {
    throw new Error(errors?.[0]?.extensions?.code ?? 'no data')
  }
  return data.audit.list.nodes.toReversed()
}
