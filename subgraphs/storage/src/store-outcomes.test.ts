import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tenantId } from '@heirloom/tenancy'
import { testTenant, type GraphQLClient } from '@heirloom/testkit'
import { codeOf, given, saveRoute } from './testing/operations.js'
import { startStorageRig, type StorageRig } from './testing/rig.js'
import { storeCases } from './testing/store-cases.js'

const system = tenantId('t_system')

describe('what a client handles', () => {
  let rig: StorageRig
  let operator: GraphQLClient

  beforeAll(async () => {
    rig = await startStorageRig()
    operator = await rig.main.as(testTenant({ tenantId: system, roles: ['operator'] }))
    for (const { resourceKind } of storeCases) {
      given(await saveRoute(operator, { resourceKind, tenantId: null }))
    }
  })
  afterAll(() => rig.close())

  const stale = '__typename ... on StaleVersion { code expected current }'
  const staleCases = [
    ['config', `saveConfig(input: { payload: {}, expectedVersion: 0 }) { ${stale} }`],
    [
      'an action binding',
      `saveActionBinding(input: { actionName: "a", firearmId: "f", expectedRevision: 0 }) {
        ${stale} }`,
    ],
    [
      'a strategy policy',
      `saveStrategyPolicy(input: { actionName: "a", requiresLock: false, approverPolicy: NONE,
        defaultBehavior: ALLOW, expectedRevision: 0 }) { ${stale} }`,
    ],
    [
      'a blackboard',
      `saveBlackboard(input: { key: "k", data: {}, expectedRevision: 0 }) { ${stale} }`,
    ],
  ] as const

  it.each(staleCases)('is that %s changed meanwhile', async (_, field) => {
    const owner = await rig.main.as(testTenant())
    const first = given(
      await owner<Record<string, { __typename: string }>>(`mutation { ${field} }`),
    )
    expect(Object.values(first)[0]?.__typename).toMatch(/Payload$/)
    const second = given(await owner(`mutation { ${field} }`))
    expect(Object.values(second)).toEqual([
      { __typename: 'StaleVersion', code: 'STALE_REVISION', expected: 0, current: 1 },
    ])
  })

  it('is that a binding which was never there cannot be changed', async () => {
    const owner = await rig.main.as(testTenant())
    const field = staleCases[1][1].replace('expectedRevision: 0', 'expectedRevision: 4')
    expect(given(await owner(`mutation { ${field} }`))).toMatchObject({
      saveActionBinding: { __typename: 'StaleVersion', expected: 4, current: 0 },
    })
  })

  it('is that a row is not as it was seen', async () => {
    const owner = await rig.main.as(testTenant())
    const row = 'table: "t", key: "k"'
    const outcome = `__typename ... on SaveTableRowPayload { row { version } }
      ... on TableRowChanged { code current { data } }`
    const save = (data: string, expected: string): string =>
      `mutation { saveTableRow(input: { ${row}, data: ${data}, expectedVersion: "${expected}" }) {
        ${outcome} } }`
    interface Saved {
      saveTableRow: { row?: { version: string } }
    }
    const first = given(await owner<Saved>(save('{ n: 1 }', '')))
    const changed = { __typename: 'TableRowChanged', code: 'CONFLICT', current: { data: { n: 1 } } }
    expect(given(await owner(save('{ n: 2 }', '')))).toEqual({ saveTableRow: changed })
    expect(given(await owner(save('{ n: 2 }', 'never')))).toEqual({ saveTableRow: changed })
    given(await owner<Saved>(save('{ n: 2 }', first.saveTableRow.row?.version ?? '')))
    const remove = `mutation { deleteTableRow(input: { ${row}, expectedVersion: "${
      first.saveTableRow.row?.version ?? ''
    }" }) { __typename ... on TableRowChanged { current { data } } } }`
    expect(given(await owner(remove))).toEqual({
      deleteTableRow: { __typename: 'TableRowChanged', current: { data: { n: 2 } } },
    })
  })

  it('is that a budget would be passed', async () => {
    const owner = await rig.main.as(testTenant())
    given(
      await owner(`mutation { setBudgetLimit(input: { budget: "tokens", limit: 10, period: DAY }) {
        usage { limit } } }`),
    )
    const spend = (key: string): string => `mutation { spendBudget(input: { budget: "tokens",
      amount: 6, idempotencyKey: "${key}", kind: "ai" }) { __typename
        ... on BudgetExceeded { refusedBy { projectId limit used remaining period } } } }`
    for (const key of ['a', 'a']) {
      expect(given(await owner(spend(key)))).toEqual({ spendBudget: { __typename: 'BudgetSpent' } })
    }
    expect(given(await owner(spend('b')))).toEqual({
      spendBudget: {
        __typename: 'BudgetExceeded',
        refusedBy: { projectId: null, limit: 10, used: 6, remaining: 4, period: 'DAY' },
      },
    })
    given(
      await owner(`mutation { refundBudget(input: { budget: "tokens", idempotencyKey: "a",
        refunded: 6 }) { entry { refunded } } }`),
    )
    expect(given(await owner(spend('b')))).toMatchObject({
      spendBudget: { __typename: 'BudgetSpent' },
    })
  })

  it('keeps sessions to their user, and chats, memory and canvases to their project', async () => {
    const tenant = testTenant()
    const emily = await rig.main.as({ ...tenant, projectId: 'p1' })
    given(
      await emily(`mutation { appendMemoryMessage(input: { sessionId: "s",
        message: { content: "mine" } }) { session { sessionId } }
        saveBlackboard(input: { key: "k", data: {} }) { __typename }
        startChatThread(input: { id: "c" }) { thread { id } }
        appendCanvasCommand(input: { canvasId: "tree", idempotencyKey: "1", type: "draw",
          payload: {}, expectedRevision: 0 }) { __typename } }`),
    )
    const read = `{ memorySession(sessionId: "s") { sessionId } blackboard(key: "k") { key }
      chatThread(id: "c") { id } canvas(id: "tree") { headRevision } }`
    const stream = '{ streamEvents(streamId: "canvas/p1/tree") { nodes { id } } }'
    const nothing = {
      memorySession: null,
      blackboard: null,
      chatThread: null,
      canvas: { headRevision: 0 },
    }
    const sister = await rig.main.as({ ...tenant, projectId: 'p1', actor: testTenant().actor })
    expect(given(await sister(read))).toEqual({
      memorySession: null,
      blackboard: { key: 'k' },
      chatThread: { id: 'c' },
      canvas: { headRevision: 1 },
    })
    expect(given(await sister(stream))).toEqual({ streamEvents: { nodes: [{ id: 'rev-1' }] } })
    for (const projectId of ['p2', 'p1/tree', undefined]) {
      const other = await rig.main.as({
        ...tenant,
        ...(projectId === undefined ? {} : { projectId }),
      })
      expect(codeOf(await other(stream))).toBe('NOT_FOUND')
      if (projectId === 'p1/tree') continue
      expect(given(await other(read))).toEqual(nothing)
    }
    const inLab = await rig.main.as({ ...tenant, projectId: 'p1', mode: 'lab' })
    expect(given(await inLab(read))).toMatchObject({ blackboard: null, chatThread: null })
  })

  it('takes the system’s config where the tenant has none, written by operators alone', async () => {
    const owner = await rig.main.as(testTenant())
    const save = (scope: string, theme: string): string => `mutation { saveConfig(input: {
      scope: ${scope}, surfaceId: "web", payload: { theme: "${theme}" } }) { __typename } }`
    const effective = '{ effectiveConfig(surfaceId: "web") { scope config { payload } } }'
    expect(codeOf(await owner(save('SYSTEM', 'dark')))).toBe('FORBIDDEN')
    given(await operator(save('SYSTEM', 'light')))
    expect(given(await owner(effective))).toEqual({
      effectiveConfig: { scope: 'SYSTEM', config: { payload: { theme: 'light' } } },
    })
    given(await owner(save('TENANT', 'dark')))
    expect(given(await owner(effective))).toEqual({
      effectiveConfig: { scope: 'TENANT', config: { payload: { theme: 'dark' } } },
    })
  })

  it('seeds the policies that hold where nobody has said anything', async () => {
    const owner = await rig.main.as(testTenant())
    const seed = 'mutation { seedStrategyPolicies { added { actionName } } }'
    const added = given(await owner<{ seedStrategyPolicies: { added: unknown[] } }>(seed))
    expect(added.seedStrategyPolicies.added.length).toBeGreaterThan(2)
    expect(given(await owner(seed))).toEqual({ seedStrategyPolicies: { added: [] } })
    expect(
      given(
        await owner(`{ effectiveStrategyPolicy(surfaceId: "web", actionName: "anything") {
          actionName surfaceId defaultBehavior } }`),
      ),
    ).toEqual({
      effectiveStrategyPolicy: { actionName: '*', surfaceId: null, defaultBehavior: 'ASK' },
    })
  })
})
