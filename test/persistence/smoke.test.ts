import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { graphqlClient, startSystem, type GraphQLClient, type System } from '@heirloom/testkit'

interface Envelope {
  readonly error: {
    readonly code: string
    readonly http_status: number
    readonly request_id: string
    readonly retryable: boolean
    readonly message: string
    readonly details: Readonly<Record<string, unknown>>
  }
}

interface DiagnosedBackend {
  readonly backendType: string
  readonly config: Readonly<Record<string, string>>
  readonly healthy: boolean
  readonly operations: number
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  readonly failures: readonly unknown[]
}

interface DiagnosedRoutes {
  readonly env: string
  readonly missingResourceKinds: readonly string[]
  readonly routes: { readonly nodes: readonly RouteNode[] }
  readonly backends: { readonly nodes: readonly DiagnosedBackend[] }
}

interface RouteNode {
  readonly id: string
  readonly resourceKind: string
  readonly tenantId: string | null
  readonly backendType: string
  readonly costNotes: string | null
  readonly tier: string | null
  readonly previousBackendType: string | null
  readonly switchRationale: string | null
  readonly lastSwitchTime: string | null
}

const routeFields =
  'id resourceKind tenantId backendType tier costNotes previousBackendType switchRationale lastSwitchTime'
const saveRoute = `mutation ($input: SaveRouteInput!) {
  saveRoute(input: $input) { route { ${routeFields} } } }`
const kinds = [
  'attribution_store',
  'budget_store',
  'canvas_command_store',
  'chat_store',
  'config_store',
  'event_stream',
  'firearms_policy_store',
  'media_output_store',
  'memory_store',
  'metrics_store',
  'routing_registry_store',
  'seo_config_store',
  'strategy_policy_store',
  'tabular_store',
]

/** The nine groups in which the core of persistence is accepted, over the running system. */
describe('the routed stores of a running system', () => {
  let system: System
  let owner: GraphQLClient
  let operator: GraphQLClient

  beforeAll(async () => {
    system = await startSystem()
    owner = graphqlClient(`${system.url}/graphql`, await system.token('t_haworth'))
    operator = graphqlClient(`${system.url}/graphql`, await system.token('t_system'))
  }, 120_000)

  afterAll(() => system.stop())

  async function diagnose(tenant: string | null, query = ''): Promise<Response> {
    const headers = new Headers()
    if (tenant !== null) headers.set('authorization', `Bearer ${await system.token(tenant)}`)
    return fetch(`${system.url}/diagnostics/routes${query}`, { headers })
  }

  it('1: append events, list them after a cursor, and have them after a restart', async () => {
    const append = (ids: readonly string[]): Promise<unknown> =>
      done(
        owner,
        `mutation ($input: AppendEventInput!) { appendEvent(input: $input) { events { id } } }`,
        {
          input: {
            streamId: 'smoke',
            events: ids.map((id) => ({ id, type: 'Smoked', data: { id } })),
          },
        },
      )
    const list = `query ($after: String) { streamEvents(streamId: "smoke", after: $after) {
      nodes { id cursor data } } }`
    interface Listed {
      streamEvents: { nodes: readonly { id: string; cursor: string; data: unknown }[] }
    }
    expect(await append(['ev_1', 'ev_2', 'ev_3'])).toEqual({
      appendEvent: { events: [{ id: 'ev_1' }, { id: 'ev_2' }, { id: 'ev_3' }] },
    })
    const all = (await done<Listed>(owner, list)).streamEvents.nodes
    const after = all[0]?.cursor
    const rest = (await done<Listed>(owner, list, { after })).streamEvents.nodes
    expect(rest).toEqual(all.slice(1))

    await system.killed('storage')
    expect((await done<Listed>(owner, list)).streamEvents.nodes).toEqual(all)
    expect((await done<Listed>(owner, list, { after })).streamEvents.nodes).toEqual(rest)
  }, 60_000)

  it('2: write, read, list by prefix and delete rows of a table', async () => {
    const save = `mutation ($key: ID!, $data: JSON!) {
      saveTableRow(input: { table: "policies", key: $key, data: $data }) {
        ... on SaveTableRowPayload { row { key } } } }`
    for (const key of ['policy_v1', 'policy_v2', 'rule_v1']) {
      await done(owner, save, { key, data: { name: key } })
    }
    await done(owner, save, { key: 'policy_v1', data: { name: 'changed' } })
    const read = `{ tableRow(table: "policies", key: "policy_v1") { data }
      tableRows(table: "policies", prefix: "policy_") { nodes { key } } }`
    expect(await done(owner, read)).toEqual({
      tableRow: { data: { name: 'changed' } },
      tableRows: { nodes: [{ key: 'policy_v1' }, { key: 'policy_v2' }] },
    })
    await done(
      owner,
      `mutation { deleteTableRow(input: { table: "policies", key: "policy_v1" }) { __typename } }`,
    )
    expect(await done(owner, read)).toEqual({
      tableRow: null,
      tableRows: { nodes: [{ key: 'policy_v2' }] },
    })
  })

  it('3: remember sessions and blackboards', async () => {
    const append = `mutation ($text: String!) { appendMemoryMessage(input: { sessionId: "s_001",
      message: { content: $text } }) { session { messages { content } } } }`
    await done(owner, append, { text: 'one' })
    expect(await done(owner, append, { text: 'two' })).toEqual({
      appendMemoryMessage: { session: { messages: [{ content: 'one' }, { content: 'two' }] } },
    })
    const board = `mutation ($step: JSON!, $revision: Int!) { saveBlackboard(input: {
      key: "agent_state", data: $step, expectedRevision: $revision }) { __typename
        ... on SaveBlackboardPayload { blackboard { revision } }
        ... on StaleVersion { expected current } } }`
    const first = { step: { n: 1 }, revision: 0 }
    expect(await done(owner, board, first)).toMatchObject({
      saveBlackboard: { blackboard: { revision: 1 } },
    })
    expect(await done(owner, board, first)).toEqual({
      saveBlackboard: { __typename: 'StaleVersion', expected: 0, current: 1 },
    })
    const read = `{ memorySession(sessionId: "s_001") { messages { content } }
      blackboard(key: "agent_state") { data revision } }`
    expect(await done(owner, read)).toEqual({
      memorySession: { messages: [{ content: 'one' }, { content: 'two' }] },
      blackboard: { data: { n: 1 }, revision: 1 },
    })
    const other = graphqlClient(`${system.url}/graphql`, await system.token('t_downe'))
    expect(await done(other, read)).toEqual({ memorySession: null, blackboard: null })
  })

  it('4: list the routes, and diagnose the backends behind them', async () => {
    const response = await diagnose('t_system')
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('no-store')
    const found = (await response.json()) as DiagnosedRoutes
    expect(found).toMatchObject({ env: 'dev', missingResourceKinds: [] })
    const listed = found.routes.nodes.map(({ resourceKind }) => resourceKind)
    expect(listed.toSorted()).toEqual(kinds)
    expect(found.backends.nodes).toMatchObject([
      { backendType: 'POSTGRES', config: { connection: 'main' }, healthy: true, failures: [] },
    ])
    const [postgres] = found.backends.nodes
    expect(postgres?.operations).toBeGreaterThan(0)
    expect(postgres?.p99Ms).toBeGreaterThanOrEqual(postgres?.p50Ms ?? Infinity)
    expect((await diagnose('t_haworth')).status).toBe(200)

    const stranger = await diagnose(null)
    expect(stranger.status).toBe(401)
    expect(((await stranger.json()) as Envelope).error.code).toBe('UNAUTHENTICATED')
    const tooMany = await diagnose('t_system', '?first=1000')
    expect(tooMany.status).toBe(400)
    expect(((await tooMany.json()) as Envelope).error.code).toBe('INVALID_INPUT')
  })

  it('5: refuse the filesystem and memory outside lab mode', async () => {
    for (const backendType of ['FILESYSTEM', 'MEMORY']) {
      for (const modes of [[], ['SAAS'], ['ENTERPRISE', 'LAB'], ['SYSTEM']]) {
        const input = {
          resourceKind: 'tabular_store',
          tenantId: 't_haworth',
          backendType,
          modes,
          config: { root: 'records' },
        }
        const { errors } = await owner(saveRoute, { input })
        expect(errors?.[0]?.extensions).toMatchObject({
          code: 'BACKEND_FORBIDDEN',
          http_status: 403,
        })
      }
    }
  })

  it('6, 8, 9: switch a backend, and tell of it in the route, the audit and the stream', async () => {
    const input = {
      resourceKind: 'seo_config_store',
      tenantId: 't_haworth',
      backendType: 'POSTGRES',
      config: { connection: 'main' },
      tier: 'pro',
      costNotes: 'the same database',
    }
    const before = await done<{ saveRoute: { route: RouteNode } }>(owner, saveRoute, { input })
    expect(before.saveRoute.route).toMatchObject({
      tier: 'pro',
      costNotes: 'the same database',
      previousBackendType: null,
      switchRationale: null,
      lastSwitchTime: null,
    })
    const after = await done<{ saveRoute: { route: RouteNode } }>(owner, saveRoute, {
      input: {
        ...input,
        backendType: 'DYNAMODB',
        config: { table_name: 'haworth_seo', region: 'eu-west-2' },
        costNotes: 'on demand',
        switchRationale: 'auto-scaling for a busy spring',
      },
    })
    const { route } = after.saveRoute
    expect(route).toMatchObject({
      id: before.saveRoute.route.id,
      backendType: 'DYNAMODB',
      previousBackendType: 'POSTGRES',
      switchRationale: 'auto-scaling for a busy spring',
      costNotes: 'on demand',
    })
    expect(Date.parse(route.lastSwitchTime ?? '')).not.toBeNaN()

    const told = await done(
      owner,
      `{ routeAudits(first: 2) { nodes { action routeId by before after } }
        streamEvents(streamId: "routing") { nodes { type data } } }`,
    )
    expect(told).toMatchObject({
      routeAudits: {
        nodes: [
          {
            action: 'SAVED',
            routeId: route.id,
            before: { backend_type: 'postgres', tier: 'pro' },
            after: {
              backend_type: 'dynamodb',
              previous_backend_type: 'postgres',
              switch_rationale: 'auto-scaling for a busy spring',
            },
          },
          { action: 'SAVED', routeId: route.id, before: null },
        ],
      },
      streamEvents: {
        nodes: [
          {
            type: 'ROUTE_BACKEND_SWITCHED',
            data: {
              route_id: route.id,
              previous_backend_type: 'postgres',
              backend_type: 'dynamodb',
              switch_rationale: 'auto-scaling for a busy spring',
              last_switch_time: route.lastSwitchTime,
            },
          },
        ],
      },
    })
    await done(
      owner,
      `mutation ($id: ID!) { deleteRoute(input: { id: $id }) { deletedRouteId } }`,
      {
        id: route.id,
      },
    )
    expect(
      await done(
        owner,
        `{ explainRoute(resourceKind: "seo_config_store") { reason
        route { tenantId backendType } } }`,
      ),
    ).toMatchObject({ explainRoute: { route: { tenantId: null, backendType: 'POSTGRES' } } })
  })

  it('7: fail without a route, and never fall back', async () => {
    const { routes } = await done<{ routes: { nodes: readonly RouteNode[] } }>(
      operator,
      `{ routes(resourceKind: "memory_store") { nodes { ${routeFields} } } }`,
    )
    const [id] = routes.nodes.map((route) => route.id)
    await done(
      operator,
      `mutation ($id: ID!) { deleteRoute(input: { id: $id }) { deletedRouteId } }`,
      {
        id,
      },
    )
    const { errors } = await owner('{ blackboard(key: "agent_state") { data } }')
    expect(errors?.[0]?.message).toContain('no route is configured for memory_store')
    expect(errors?.[0]?.extensions).toMatchObject({
      code: 'ROUTE_NOT_CONFIGURED',
      http_status: 503,
      retryable: true,
      details: { resource_kind: 'memory_store', env: 'dev' },
    })

    const response = await diagnose('t_system')
    expect(response.status).toBe(503)
    const { error } = (await response.json()) as Envelope
    expect(error).toMatchObject({
      code: 'ROUTE_NOT_CONFIGURED',
      http_status: 503,
      retryable: true,
      details: { resource_kinds: ['memory_store'] },
    })
    expect(error.message).toContain('memory_store')
    expect(error.request_id).toBeTruthy()

    const input = {
      resourceKind: 'memory_store',
      backendType: 'POSTGRES',
      config: { connection: 'main' },
    }
    await done(operator, saveRoute, { input })
    expect((await diagnose('t_system')).status).toBe(200)
    // Where it was: a route says where data is, and deleting the route deletes none of it.
    expect(await done(owner, '{ blackboard(key: "agent_state") { data } }')).toEqual({
      blackboard: { data: { n: 1 } },
    })
  })

  it('feed what is drawn on a canvas into a stream that can be followed', async () => {
    const append = `mutation ($key: ID!, $revision: Int!, $payload: JSON!) {
      appendCanvasCommand(input: { canvasId: "tree", idempotencyKey: $key, type: "draw",
        payload: $payload, expectedRevision: $revision }) { __typename
          ... on AppendCanvasCommandPayload { command { revision } }
          ... on StaleVersion { current } } }`
    const draw = (key: string, revision: number): Promise<unknown> =>
      done(owner, append, { key, revision, payload: { key } })
    await draw('a', 0)
    await draw('b', 1)
    // Repeated, and stale: nothing is drawn.
    await draw('b', 1)
    expect(await draw('c', 1)).toEqual({
      appendCanvasCommand: { __typename: 'StaleVersion', current: 2 },
    })
    const { canvas } = await done<{ canvas: { streamId: string } }>(
      owner,
      '{ canvas(id: "tree") { streamId headRevision } }',
    )
    expect(
      await done(
        owner,
        `query ($id: ID!) { streamEvents(streamId: $id) { nodes { id type data } } }`,
        { id: canvas.streamId },
      ),
    ).toMatchObject({
      streamEvents: {
        nodes: [
          { id: 'rev-1', type: 'CanvasCommandAppended', data: { payload: { key: 'a' } } },
          { id: 'rev-2', type: 'CanvasCommandAppended', data: { payload: { key: 'b' } } },
        ],
      },
    })
    const forged = await owner(
      `mutation ($id: ID!) { appendEvent(input: { streamId: $id,
        events: [{ id: "rev-3", type: "Forged", data: {} }] }) { events { id } } }`,
      { id: canvas.streamId },
    )
    expect(forged.errors?.[0]?.extensions?.['code']).toBe('FORBIDDEN')
  })
})

/** The data of an answer without errors. */
async function done<Data = unknown>(
  gql: GraphQLClient,
  document: string,
  variables?: Record<string, unknown>,
): Promise<Data> {
  const { data, errors } = await gql<Data>(document, variables)
  expect(errors).toBeUndefined()
  return data as Data
}
