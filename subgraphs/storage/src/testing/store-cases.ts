/** What is done with each store over GraphQL, once for all tests that go through all of them. */
export interface StoreCase {
  readonly resourceKind: string
  /** The weakest role that may write. */
  readonly writer: 'viewer' | 'contributor' | 'editor' | 'owner'
  /** The weakest role that may read. */
  readonly reader: 'viewer' | 'editor'
  readonly write: string
  readonly read: string
  /** What the read gives after the write, as far as it is known beforehand. */
  readonly found: object
  /** What it gives in a tenant that wrote nothing. */
  readonly nothing: object
}

const noNodes = { nodes: [], pageInfo: { hasNextPage: false } }

export const storeCases: readonly StoreCase[] = [
  {
    resourceKind: 'attribution_store',
    writer: 'owner',
    reader: 'editor',
    write: `mutation { saveAttributionContract(input: { platform: "letters",
      utmTemplate: { source: "letters", campaign: "{year}" }, note: "by post" }) {
        contract { platform changedBy } } }`,
    read: `{ attributionContract(platform: "letters") { utmTemplate { source medium campaign } note }
      attributionContracts { nodes { platform } pageInfo { hasNextPage } } }`,
    found: {
      attributionContract: {
        utmTemplate: { source: 'letters', medium: null, campaign: '{year}' },
        note: 'by post',
      },
      attributionContracts: {
        nodes: [{ platform: 'letters' }],
        pageInfo: { hasNextPage: false },
      },
    },
    nothing: { attributionContract: null, attributionContracts: noNodes },
  },
  {
    resourceKind: 'budget_store',
    writer: 'contributor',
    reader: 'editor',
    write: `mutation { spendBudget(input: { budget: "tokens", amount: 5, idempotencyKey: "k1",
      kind: "ai.generate" }) { __typename ... on BudgetSpent { entry { amount refunded } } } }`,
    read: `{ budgetUsage(budget: "tokens") { used limit period remaining }
      budgetEntries(budget: "tokens") { nodes { amount kind } pageInfo { hasNextPage } } }`,
    found: {
      budgetUsage: { used: 5, limit: null, remaining: null },
      budgetEntries: {
        nodes: [{ amount: 5, kind: 'ai.generate' }],
        pageInfo: { hasNextPage: false },
      },
    },
    nothing: { budgetUsage: { used: 0, limit: null }, budgetEntries: noNodes },
  },
  {
    resourceKind: 'canvas_command_store',
    writer: 'contributor',
    reader: 'viewer',
    write: `mutation { appendCanvasCommand(input: { canvasId: "tree", idempotencyKey: "k1",
      type: "draw", payload: { x: 1 }, expectedRevision: 0 }) {
        __typename ... on AppendCanvasCommandPayload { command { revision actorId } } } }`,
    read: `{ canvas(id: "tree") { headRevision commands { revision type payload }
        commandByKey(idempotencyKey: "k1") { revision } }
      canvases { nodes { id } pageInfo { hasNextPage } } }`,
    found: {
      canvas: {
        headRevision: 1,
        commands: [{ revision: 1, type: 'draw', payload: { x: 1 } }],
        commandByKey: { revision: 1 },
      },
      canvases: { nodes: [{ id: 'tree' }], pageInfo: { hasNextPage: false } },
    },
    nothing: { canvas: { headRevision: 0, commands: [], commandByKey: null }, canvases: noNodes },
  },
  {
    resourceKind: 'chat_store',
    writer: 'contributor',
    reader: 'viewer',
    write: `mutation { appendChatMessage(input: { threadId: "kitchen", role: ASSISTANT,
      content: "Good evening", data: { mood: "calm" }, runId: "r1", clientId: "c1" }) {
        message { id threadId sentAt } } }`,
    read: `{ chatThread(id: "kitchen") { id title latestSnapshot { id }
        messages { nodes { role content data runId } pageInfo { hasNextPage } }
        messagesOfRun(runId: "r1") { nodes { content } } }
      chatThreads { nodes { id } pageInfo { hasNextPage } } }`,
    found: {
      chatThread: {
        id: 'kitchen',
        latestSnapshot: null,
        messages: {
          nodes: [
            { role: 'ASSISTANT', content: 'Good evening', data: { mood: 'calm' }, runId: 'r1' },
          ],
        },
        messagesOfRun: { nodes: [{ content: 'Good evening' }] },
      },
      chatThreads: { nodes: [{ id: 'kitchen' }], pageInfo: { hasNextPage: false } },
    },
    nothing: { chatThread: null, chatThreads: noNodes },
  },
  {
    resourceKind: 'config_store',
    writer: 'owner',
    reader: 'viewer',
    write: `mutation { saveConfig(input: { payload: { theme: "dark" }, expectedVersion: 0 }) {
      __typename ... on SaveConfigPayload { config { version } } } }`,
    read: `{ config { version payload } configVersions { nodes { version }
      pageInfo { hasNextPage } } effectiveConfig(surfaceId: "web") { scope config { payload } } }`,
    found: {
      config: { version: 1, payload: { theme: 'dark' } },
      configVersions: { nodes: [{ version: 1 }], pageInfo: { hasNextPage: false } },
      effectiveConfig: { scope: 'TENANT', config: { payload: { theme: 'dark' } } },
    },
    nothing: { config: null, configVersions: noNodes, effectiveConfig: null },
  },
  {
    resourceKind: 'firearms_policy_store',
    writer: 'owner',
    reader: 'editor',
    write: `mutation { saveActionBinding(input: { actionName: "erase", firearmId: "shotgun",
      expectedRevision: 0 }) { __typename ... on SaveActionBindingPayload {
        binding { revision } } }
      grantFirearm(input: { firearmId: "shotgun", actorType: AGENT, actorId: "a1" }) {
        grant { grantedBy } } }`,
    read: `{ actionBinding(actionName: "erase") { firearmId strategyLockRequired revision }
      firearmHolders(firearmId: "shotgun") { nodes { actorType actorId } }
      firearmsDecision(actionName: "erase") { allowed refusal }
      firearmsAudit { nodes { change } pageInfo { hasNextPage } } }`,
    found: {
      actionBinding: { firearmId: 'shotgun', strategyLockRequired: false, revision: 1 },
      firearmHolders: { nodes: [{ actorType: 'AGENT', actorId: 'a1' }] },
      firearmsDecision: { allowed: false, refusal: 'NO_GRANT' },
      firearmsAudit: {
        nodes: [{ change: 'GRANTED' }, { change: 'BOUND' }],
        pageInfo: { hasNextPage: false },
      },
    },
    nothing: {
      actionBinding: null,
      firearmHolders: { nodes: [] },
      firearmsDecision: { allowed: true, refusal: null },
      firearmsAudit: noNodes,
    },
  },
  {
    resourceKind: 'media_output_store',
    writer: 'editor',
    reader: 'viewer',
    write: `mutation { recordMediaOutput(input: { assetId: "m1", id: "poster", kind: "poster",
      mime: "image/webp", sizeBytes: 10, sha256: "${'a'.repeat(64)}", objectKey: "m1/poster" }) {
        output { recordedAt } } }`,
    read: `{ mediaOutput(assetId: "m1", id: "poster") { mime sizeBytes width }
      mediaOutputs(assetId: "m1") { nodes { id } pageInfo { hasNextPage } } }`,
    found: {
      mediaOutput: { mime: 'image/webp', sizeBytes: 10, width: null },
      mediaOutputs: { nodes: [{ id: 'poster' }], pageInfo: { hasNextPage: false } },
    },
    nothing: { mediaOutput: null, mediaOutputs: noNodes },
  },
  {
    resourceKind: 'memory_store',
    writer: 'contributor',
    reader: 'viewer',
    write: `mutation { appendMemoryMessage(input: { sessionId: "s1", ttlSeconds: 60,
      message: { content: "remember me" } }) { session { updatedAt } }
      saveBlackboard(input: { key: "agent_state", data: { step: 1 }, expectedRevision: 0 }) {
        __typename ... on SaveBlackboardPayload { blackboard { revision } } } }`,
    read: `{ blackboard(key: "agent_state") { data revision }
      blackboards(prefix: "agent") { nodes { key } pageInfo { hasNextPage } } }`,
    found: {
      blackboard: { data: { step: 1 }, revision: 1 },
      blackboards: { nodes: [{ key: 'agent_state' }], pageInfo: { hasNextPage: false } },
    },
    nothing: { blackboard: null, blackboards: noNodes },
  },
  {
    resourceKind: 'metrics_store',
    writer: 'viewer',
    reader: 'editor',
    write: `mutation { recordMetric(input: { metric: "views", points: [
      { id: "p1", at: "2026-03-01T10:00:00Z", value: 2, dimensions: { utmSource: "letters" } }
      { id: "p2", at: "2026-03-01T11:00:00Z" } ] }) { recorded } }`,
    read: `{ metricCounts(metric: "views", from: "2026-03-01T00:00:00Z", to: "2026-03-02T00:00:00Z",
        groupBy: [UTM_SOURCE], where: { utmSource: "letters" }) {
          count sum dimensions { utmSource app } }
      metricPoints(metric: "views", from: "2026-03-01T00:00:00Z", to: "2026-03-02T00:00:00Z") {
        nodes { id value } } }`,
    found: {
      metricCounts: [{ count: 1, sum: 2, dimensions: { utmSource: 'letters', app: null } }],
      metricPoints: {
        nodes: [
          { id: 'p1', value: 2 },
          { id: 'p2', value: 1 },
        ],
      },
    },
    nothing: { metricCounts: [], metricPoints: { nodes: [] } },
  },
  {
    resourceKind: 'seo_config_store',
    writer: 'editor',
    reader: 'viewer',
    write: `mutation { saveSeoConfig(input: { page: "/stories", title: "Stories",
      keywords: ["letters"] }) { config { page } } }`,
    read: `{ effectiveSeoConfig(surfaceId: "web", locale: "en-GB", page: "/stories") {
        title keywords openGraph surfaceId }
      seoConfigs { nodes { page } pageInfo { hasNextPage } } }`,
    found: {
      effectiveSeoConfig: {
        title: 'Stories',
        keywords: ['letters'],
        openGraph: {},
        surfaceId: null,
      },
      seoConfigs: { nodes: [{ page: '/stories' }], pageInfo: { hasNextPage: false } },
    },
    nothing: { effectiveSeoConfig: null, seoConfigs: noNodes },
  },
  {
    resourceKind: 'strategy_policy_store',
    writer: 'owner',
    reader: 'viewer',
    write: `mutation { saveStrategyPolicy(input: { actionName: "publish", requiresLock: true,
      lockId: "publish", approverPolicy: TWO_PEOPLE, defaultBehavior: DENY,
      expectedRevision: 0 }) { __typename ... on SaveStrategyPolicyPayload {
        policy { revision } } } }`,
    read: `{ effectiveStrategyPolicy(surfaceId: "web", actionName: "publish") {
        surfaceId approverPolicy defaultBehavior lockId }
      strategyPolicies { nodes { actionName } pageInfo { hasNextPage } } }`,
    found: {
      effectiveStrategyPolicy: {
        surfaceId: null,
        approverPolicy: 'TWO_PEOPLE',
        defaultBehavior: 'DENY',
        lockId: 'publish',
      },
      strategyPolicies: { nodes: [{ actionName: 'publish' }], pageInfo: { hasNextPage: false } },
    },
    nothing: { effectiveStrategyPolicy: null, strategyPolicies: noNodes },
  },
  {
    resourceKind: 'tabular_store',
    writer: 'editor',
    reader: 'viewer',
    write: `mutation { saveTableRow(input: { table: "policies", key: "policy_v1",
      data: { rules: [1] }, expectedVersion: "" }) {
        __typename ... on SaveTableRowPayload { row { version } } } }`,
    read: `{ tableRow(table: "policies", key: "policy_v1") { data }
      tableRows(table: "policies", prefix: "policy_") { nodes { key } pageInfo { hasNextPage } } }`,
    found: {
      tableRow: { data: { rules: [1] } },
      tableRows: { nodes: [{ key: 'policy_v1' }], pageInfo: { hasNextPage: false } },
    },
    nothing: { tableRow: null, tableRows: noNodes },
  },
]
