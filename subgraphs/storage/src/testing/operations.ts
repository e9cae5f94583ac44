import type { GraphQLAnswer, GraphQLClient } from '@heirloom/testkit'
import type { EventAnswer } from './subscriber.js'

export interface EventsPage {
  readonly nodes: readonly EventAnswer[]
  readonly edges: readonly { readonly cursor: string }[]
  readonly pageInfo: { readonly endCursor: string | null; readonly hasNextPage: boolean }
}

/** Every node of a list, fetched page by page. */
export async function allEvents(
  gql: GraphQLClient,
  streamId: string,
): Promise<readonly EventAnswer[]> {
  const events: EventAnswer[] = []
  let page: EventsPage | undefined
  while (page === undefined || page.pageInfo.hasNextPage) {
    const after = page?.pageInfo.endCursor ?? null
    page = given(await streamEvents(gql, streamId, { first: 500, after })).streamEvents
    events.push(...page.nodes)
  }
  return events
}

export function streamEvents(
  gql: GraphQLClient,
  streamId: string,
  page: { readonly first?: number; readonly after?: string | null } = {},
): Promise<GraphQLAnswer<{ streamEvents: EventsPage }>> {
  return gql(
    `query ($streamId: ID!, $first: Int, $after: String) {
      streamEvents(streamId: $streamId, first: $first, after: $after) {
        nodes { id cursor type } edges { cursor } pageInfo { endCursor hasNextPage } } }`,
    { streamId, ...page },
  )
}

export function timelineEvents(
  gql: GraphQLClient,
  legacyId: string,
  page: { readonly first?: number; readonly after?: string | null } = {},
): Promise<GraphQLAnswer<{ timelineEvents: EventsPage }>> {
  return gql(
    `query ($legacyId: ID!, $first: Int, $after: String) {
      timelineEvents(legacyId: $legacyId, first: $first, after: $after) {
        nodes { id cursor type } edges { cursor } pageInfo { endCursor hasNextPage } } }`,
    { legacyId, ...page },
  )
}

export function appendEvents(
  gql: GraphQLClient,
  streamId: string,
  events: readonly (string | Record<string, unknown>)[],
): Promise<GraphQLAnswer<{ appendEvent: { events: readonly EventAnswer[] } }>> {
  return gql(
    `mutation ($input: AppendEventInput!) {
      appendEvent(input: $input) { events { id cursor type } } }`,
    {
      input: {
        streamId,
        events: events.map((event) =>
          typeof event === 'string' ? { id: event, type: 'Told', data: { n: event } } : event,
        ),
      },
    },
  )
}

export function streamEnd(
  gql: GraphQLClient,
  streamId: string,
): Promise<GraphQLAnswer<{ streamEnd: string }>> {
  return gql('query ($streamId: ID!) { streamEnd(streamId: $streamId) }', { streamId })
}

export interface RouteAnswer {
  readonly id: string
  readonly resourceKind: string
  readonly tenantId: string | null
  readonly env: string
  readonly modes: readonly string[]
  readonly backendType: string
  readonly config: Record<string, unknown>
  readonly updatedBy: string
  readonly previousBackendType: string | null
  readonly switchRationale: string | null
  readonly lastSwitchTime: string | null
}

const route = `id resourceKind tenantId env modes projectId surfaceId backendType config tier
  costNotes updatedAt updatedBy previousBackendType switchRationale lastSwitchTime`

export function saveRoute(
  gql: GraphQLClient,
  input: Record<string, unknown>,
): Promise<GraphQLAnswer<{ saveRoute: { route: RouteAnswer } }>> {
  return gql(
    `mutation ($input: SaveRouteInput!) { saveRoute(input: $input) { route { ${route} } } }`,
    { input: { backendType: 'POSTGRES', config: { connection: 'main' }, ...input } },
  )
}

export function deleteRoute(
  gql: GraphQLClient,
  id: string,
): Promise<GraphQLAnswer<{ deleteRoute: { deletedRouteId: string } }>> {
  return gql('mutation ($id: ID!) { deleteRoute(input: { id: $id }) { deletedRouteId } }', { id })
}

export async function listRoutes(
  gql: GraphQLClient,
  resourceKind?: string,
): Promise<readonly RouteAnswer[]> {
  const answer = await gql<{ routes: { nodes: readonly RouteAnswer[] } }>(
    `query ($kind: String) { routes(first: 100, resourceKind: $kind) { nodes { ${route} } } }`,
    { kind: resourceKind },
  )
  return given(answer).routes.nodes
}

export function resolveRoute(
  gql: GraphQLClient,
  resourceKind: string,
  surfaceId?: string,
): Promise<GraphQLAnswer<{ resolveRoute: RouteAnswer }>> {
  return gql(
    `query ($kind: String!, $surfaceId: ID) {
      resolveRoute(resourceKind: $kind, surfaceId: $surfaceId) { ${route} } }`,
    { kind: resourceKind, surfaceId },
  )
}

/** The data of an answer that must have been given. */
export function given<Data>({ data, errors }: GraphQLAnswer<Data>): Data {
  if (data === null || data === undefined || errors !== undefined) {
    throw new Error(`the request failed: ${JSON.stringify(errors)}`)
  }
  return data
}

/** The code of an answer that must have failed. */
export function codeOf({ errors }: GraphQLAnswer<unknown>): unknown {
  return errors?.[0]?.extensions?.['code']
}

export function ids(events: readonly EventAnswer[]): readonly string[] {
  return events.map((event) => event.id)
}
