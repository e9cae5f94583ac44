import { expect } from 'vitest'
import type { GraphQLClient } from '@heirloom/testkit'
import type { Belongings } from './values.js'

const everything = `{
  viewer { user { id } }
  legacies(first: 1) {
    nodes { id slug title description people(first: 100) { nodes { id name } } }
  }
  stories(first: 100) {
    pageInfo { endCursor }
    nodes { id title body revisions { nodes { id } } author { id } }
  }
  mediaAssets { nodes { id fileName caption } }
  plugins { nodes { id name baseUrl } }
  streamEvents(streamId: "their-stream") { nodes { cursor data } }
}`

interface Everything {
  readonly viewer: { user: { id: string } }
  readonly legacies: {
    nodes: { id: string; slug: string; people: { nodes: { id: string; name: string }[] } }[]
  }
  readonly stories: {
    pageInfo: { endCursor: string }
    nodes: { id: string; revisions: { nodes: { id: string }[] } }[]
  }
  readonly mediaAssets: { nodes: { id: string }[] }
  readonly plugins: { nodes: { id: string }[] }
  readonly streamEvents: { nodes: { cursor: string }[] }
}

/** Gives the tenant one thing of each kind that the seed does not, and names one of each. */
export async function belongingsOf(owner: GraphQLClient): Promise<Belongings> {
  const added = await owner<{ saveRoute: { route: { id: string } } }>(
    `mutation ($plugin: RegisterPluginInput!, $event: AppendEventInput!, $route: SaveRouteInput!) {
      registerPlugin(input: $plugin) { plugin { id } }
      appendEvent(input: $event) { events { id } }
      saveRoute(input: $route) { route { id } }
    }`,
    {
      plugin: {
        name: 'their-plugin',
        version: '1.0.0',
        baseUrl: 'https://their-plugin.example.org',
        capabilities: ['stories:read'],
      },
      event: {
        streamId: 'their-stream',
        events: [{ id: 'first', type: 'Secret', data: { text: 'their-secret-text' } }],
      },
      route: {
        resourceKind: 'tabular_store',
        tenantId: 't_haworth',
        backendType: 'POSTGRES',
        config: { connection: 'main' },
      },
    },
  )
  expect(added.errors).toBeUndefined()
  const { data, errors } = await owner<Everything>(everything)
  expect(errors).toBeUndefined()
  const legacy = data?.legacies.nodes[0]
  const timeline = await owner<{ timelineEvents: { nodes: { cursor: string }[] } }>(
    `query ($id: ID!) { timelineEvents(legacyId: $id) { nodes { cursor } } }`,
    { id: legacy?.id },
  )
  const people = legacy?.people.nodes ?? []
  return {
    tenantId: 't_haworth',
    legacyId: some(legacy?.id),
    slug: some(legacy?.slug),
    storyId: some(data?.stories.nodes[0]?.id),
    revisionId: some(data?.stories.nodes[0]?.revisions.nodes[0]?.id),
    personIds: [some(people[0]?.id), some(people[1]?.id)],
    mediaId: some(data?.mediaAssets.nodes[0]?.id),
    pluginId: some(data?.plugins.nodes[0]?.id),
    routeId: some(added.data?.saveRoute.route.id),
    streamId: 'their-stream',
    listCursor: some(data?.stories.pageInfo.endCursor),
    streamCursor: some(data?.streamEvents.nodes[0]?.cursor),
    timelineCursor: some(timeline.data?.timelineEvents.nodes[0]?.cursor),
    authorId: some(data?.viewer.user.id),
  }
}

/** Every string that only this tenant should ever see. */
export async function stringsOf(owner: GraphQLClient): Promise<ReadonlySet<string>> {
  const { data } = await owner<Everything>(everything)
  const found = new Set<string>()
  collect(data, found)
  // The demo's machine client has one name at every tenant.
  if (data) found.delete(data.viewer.user.id)
  return found
}

function collect(value: unknown, into: Set<string>): void {
  if (typeof value === 'string') into.add(value)
  else if (typeof value === 'object' && value !== null) {
    for (const field of Object.values(value)) collect(field, into)
  }
}

function some(value: string | undefined): string {
  if (value === undefined) throw new Error('the seed lacks something that this test needs')
  return value
}
