import { expect } from 'vitest'
import type { GraphQLClient } from '@heirloom/testkit'
import { storeKeys, type Belongings } from './values.js'

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
  chatThread(id: "${storeKeys.threadId}") { title messages { nodes { content } } }
  chatMessageIds: chatThread(id: "${storeKeys.threadId}") { messages { nodes { id } } }
  config { payload }
  actionBinding(actionName: "${storeKeys.actionName}") { note }
  firearmHolders(firearmId: "${storeKeys.firearmId}") { nodes { reason } }
  effectiveStrategyPolicy(actionName: "${storeKeys.actionName}") { lockId }
  canvas(id: "${storeKeys.canvasId}") { commands { type payload } }
  tableRow(table: "${storeKeys.table}", key: "${storeKeys.key}") { data }
  memorySession(sessionId: "${storeKeys.sessionId}") { messages { content } }
  blackboard(key: "${storeKeys.key}") { data }
  metricPoints(metric: "${storeKeys.metric}", from: "2026-06-01T00:00:00Z",
    to: "2026-06-02T00:00:00Z") { nodes { dimensions { app } } }
  attributionContract(platform: "${storeKeys.platform}") { note utmTemplate { source } }
  budgetEntries(budget: "${storeKeys.budget}") { nodes { kind } }
  seoConfig(page: "${storeKeys.page}") { title }
  document(database: "default", path: "${storeKeys.path}") { data }
  databaseUserByName(database: "default", username: "${storeKeys.username}") { roles }
  databaseUserId: databaseUserByName(database: "default", username: "${storeKeys.username}") { id }
  resolveRoute(resourceKind: "tabular_store") { id switchRationale }
  mediaOutput(assetId: "${storeKeys.assetId}", id: "${storeKeys.outputId}") { objectKey }
}`

/** Something secret in every store. */
const storesFilled = `mutation {
  startChatThread(input: { id: "${storeKeys.threadId}", title: "their-secret-title" }) {
    thread { id } }
  appendChatMessage(input: { threadId: "${storeKeys.threadId}", content: "their-secret-message",
    runId: "${storeKeys.runId}" }) { message { id } }
  saveConfig(input: { payload: { text: "their-secret-config" } }) { __typename }
  saveActionBinding(input: { actionName: "${storeKeys.actionName}", note: "their-secret-note",
    firearmId: "${storeKeys.firearmId}", expectedRevision: 0 }) { __typename }
  grantFirearm(input: { firearmId: "${storeKeys.firearmId}", actorType: USER,
    actorId: "${storeKeys.actorId}", reason: "their-secret-reason" }) { grant { actorId } }
  saveStrategyPolicy(input: { actionName: "${storeKeys.actionName}", requiresLock: true,
    lockId: "their-secret-lock", approverPolicy: NONE, defaultBehavior: DENY }) { __typename }
  appendCanvasCommand(input: { canvasId: "${storeKeys.canvasId}", idempotencyKey: "first",
    type: "their-secret-command", payload: { text: "their-secret-drawing" },
    expectedRevision: 0 }) { __typename }
  saveTableRow(input: { table: "${storeKeys.table}", key: "${storeKeys.key}",
    data: { text: "their-secret-row" } }) { __typename }
  appendMemoryMessage(input: { sessionId: "${storeKeys.sessionId}",
    message: { content: "their-secret-memory" } }) { session { sessionId } }
  saveBlackboard(input: { key: "${storeKeys.key}", data: { text: "their-secret-board" } }) {
    __typename }
  recordMetric(input: { metric: "${storeKeys.metric}", points: [{ id: "p",
    at: "2026-06-01T00:00:00Z", dimensions: { app: "their-secret-app" } }] }) { recorded }
  saveAttributionContract(input: { platform: "${storeKeys.platform}",
    utmTemplate: { source: "their-secret-source" }, note: "their-secret-contract" }) { contract { platform } }
  spendBudget(input: { budget: "${storeKeys.budget}", amount: 5, idempotencyKey: "first",
    kind: "their-secret-kind" }) { __typename }
  createDocument(input: { database: "default", path: "${storeKeys.path}",
    data: { text: "their-secret-document" } }) { __typename }
  createDatabaseUser(input: { database: "default", username: "${storeKeys.username}",
    roles: ["their-secret-role"] }) { __typename }
  revokeToken(input: { database: "default", tokenId: "${storeKeys.tokenId}",
    expiresAt: "2036-01-01T00:00:00Z", immediately: true }) { revokedTokenId }
  saveSeoConfig(input: { page: "${storeKeys.page}", title: "their-secret-page" }) {
    config { page } }
  recordMediaOutput(input: { assetId: "${storeKeys.assetId}", id: "${storeKeys.outputId}",
    kind: "poster", mime: "image/webp", sizeBytes: 1, sha256: "${'a'.repeat(64)}",
    objectKey: "their-secret-object" }) { output { id } }
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
  readonly databaseUserId: { id: string }
  readonly chatMessageIds: { messages: { nodes: { id: string }[] } }
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
  expect((await owner(storesFilled)).errors).toBeUndefined()
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
    userId: some(data?.databaseUserId.id),
    messageId: some(data?.chatMessageIds.messages.nodes[0]?.id),
  }
}

/** Every string that only this tenant should ever see. */
export async function stringsOf(owner: GraphQLClient): Promise<ReadonlySet<string>> {
  const { data } = await owner<Everything>(everything)
  const found = new Set<string>()
  collect(data, found)
  // The demo's machine client has one name at every tenant, and a user of a database has an id that
  // follows from the name: whoever has a user of that name has that id.
  if (data) found.delete(data.viewer.user.id)
  if (data) found.delete(data.databaseUserId.id)
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
