import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AppError } from '@heirloom/errors'
import type { Backend, OpenBackend } from '@heirloom/persistence'
import { tenantId } from '@heirloom/tenancy'
import { testTenant, type GraphQLClient } from '@heirloom/testkit'
import { appendEvents, codeOf, deleteRoute, given, saveRoute } from './testing/operations.js'
import { startStorageRig, type StorageRig } from './testing/rig.js'

/** A backend that is away: what an operator looks at diagnostics for. */
function withBrokenBackend(backends: readonly Backend[]): readonly Backend[] {
  const away = (): Promise<never> =>
    Promise.reject(new AppError('BACKEND_UNAVAILABLE', 'password hush is wrong'))
  return [
    ...backends.filter(({ type }) => type !== 'dynamodb'),
    {
      type: 'dynamodb',
      configSpec: { table_name: { required: true }, key: { required: true, secret: true } },
      open: (config): OpenBackend => {
        const [postgres] = backends
        if (postgres === undefined) throw new Error('there is no backend')
        const open = postgres.open({ connection: 'main' })
        return config['table_name'] === 'broken'
          ? {
              ...open,
              ping: away,
              records: {
                ...open.records,
                for: (tenant) => ({ ...open.records.for(tenant), get: away, transact: away }),
              },
            }
          : open
      },
    },
  ]
}

interface Backends {
  readonly id: string
  readonly backendType: string
  readonly config: Readonly<Record<string, string>>
  readonly routeIds: readonly string[]
  readonly healthy: boolean
  readonly operations: number
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  readonly failures: readonly { code: string; count: number }[]
}

interface Diagnostics {
  readonly env: string
  readonly missingResourceKinds: readonly string[]
  readonly backends: {
    readonly nodes: readonly Backends[]
    readonly pageInfo: { readonly endCursor: string | null; readonly hasNextPage: boolean }
  }
}

async function diagnose(gql: GraphQLClient, first = 50, after?: string): Promise<Diagnostics> {
  const answer = await gql<{ routeDiagnostics: Diagnostics }>(
    `query ($first: Int, $after: String) {
      routeDiagnostics { env checkedAt missingResourceKinds backends(first: $first, after: $after) {
        nodes { id backendType config routeIds healthy since operations p50Ms p99Ms
          failures { code count } }
        pageInfo { endCursor hasNextPage } } } }`,
    { first, after },
  )
  return given(answer).routeDiagnostics
}

const system = tenantId('t_system')

describe('diagnostics of routes', () => {
  let rig: StorageRig
  let operator: GraphQLClient

  beforeAll(async () => {
    rig = await startStorageRig({ backends: withBrokenBackend })
    operator = await rig.main.as(testTenant({ tenantId: system, roles: ['operator'] }))
  })
  afterAll(() => rig.close())

  it('tell operations and latency of each backend, and what has no route', async () => {
    const owner = await rig.main.as(testTenant())
    given(await appendEvents(owner, 'measured', ['one']))
    const { env, missingResourceKinds, backends } = await diagnose(operator)
    expect(env).toBe('test')
    expect(missingResourceKinds).toContain('chat_store')
    expect(missingResourceKinds).not.toContain('event_stream')
    const [postgres] = backends.nodes.filter(({ backendType }) => backendType === 'POSTGRES')
    expect(postgres).toMatchObject({ healthy: true, config: { connection: 'main' }, failures: [] })
    expect(postgres?.routeIds).toHaveLength(2)
    expect(postgres?.operations).toBeGreaterThan(2)
    expect(postgres?.p50Ms).toBeGreaterThan(0)
    expect(postgres?.p99Ms).toBeGreaterThanOrEqual(postgres?.p50Ms ?? Infinity)
  })

  it('tell of a backend that is away, by codes and without a secret', async () => {
    const tenant = testTenant()
    const owner = await rig.main.as(tenant)
    given(
      await saveRoute(operator, {
        resourceKind: 'event_stream',
        tenantId: tenant.tenantId,
        backendType: 'DYNAMODB',
        config: { table_name: 'broken', key: 'secret:BROKEN_KEY' },
      }),
    )
    expect(codeOf(await appendEvents(owner, 'lost', ['one']))).toBe('BACKEND_UNAVAILABLE')
    const { backends } = await diagnose(operator)
    const broken = backends.nodes.find(({ backendType }) => backendType === 'DYNAMODB')
    expect(broken).toMatchObject({ healthy: false, config: { key: '[redacted]' } })
    expect(broken?.failures).toEqual([{ code: 'BACKEND_UNAVAILABLE', count: broken?.operations }])
    expect(JSON.stringify(backends)).not.toMatch(/hush|BROKEN_KEY/)
  })

  it('are for owners of their own tenant’s routes alone, and for no other member', async () => {
    const [mine, theirs] = [testTenant(), testTenant()]
    for (const { tenantId: tenant } of [mine, theirs]) {
      given(
        await saveRoute(operator, {
          resourceKind: 'chat_store',
          tenantId: tenant,
          backendType: 'DYNAMODB',
          config: { table_name: `of-${tenant}`, key: 'secret:KEY' },
        }),
      )
    }
    const { backends } = await diagnose(await rig.main.as(mine))
    const tables = backends.nodes.map(({ config }) => config['table_name'])
    expect(tables).toContain(`of-${mine.tenantId}`)
    expect(tables).not.toContain(`of-${theirs.tenantId}`)
    for (const role of ['viewer', 'contributor', 'editor'] as const) {
      const member = await rig.main.as({ ...mine, roles: [role] })
      expect(codeOf(await member('{ routeDiagnostics { env } }'))).toBe('FORBIDDEN')
      expect(codeOf(await member('{ routeAudits { nodes { id } } }'))).toBe('FORBIDDEN')
      expect(codeOf(await member('{ explainRoute(resourceKind: "x") { reason } }'))).toBe(
        'FORBIDDEN',
      )
    }
  })

  it('are paged', async () => {
    const all = (await diagnose(operator)).backends.nodes.map(({ id }) => id)
    const seen: string[] = []
    let after: string | undefined
    for (let page = 0; page <= all.length; page += 1) {
      const { nodes, pageInfo } = (await diagnose(operator, 1, after)).backends
      seen.push(...nodes.map(({ id }) => id))
      if (!pageInfo.hasNextPage) break
      after = pageInfo.endCursor ?? undefined
    }
    expect(seen).toEqual(all)
  })
})

const audits = `query ($first: Int, $after: String) { routeAudits(first: $first, after: $after) {
  nodes { id at by action routeId before after } pageInfo { endCursor hasNextPage } } }`

interface Audits {
  readonly routeAudits: {
    readonly nodes: readonly {
      readonly by: string
      readonly action: string
      readonly routeId: string
      readonly before: Readonly<Record<string, unknown>> | null
      readonly after: Readonly<Record<string, unknown>> | null
    }[]
    readonly pageInfo: { readonly endCursor: string | null; readonly hasNextPage: boolean }
  }
}

describe('the audit trail of routes', () => {
  let rig: StorageRig
  let operator: GraphQLClient

  beforeAll(async () => {
    rig = await startStorageRig({ backends: withBrokenBackend })
    operator = await rig.main.as(testTenant({ tenantId: system, roles: ['operator'] }))
  })
  afterAll(() => rig.close())

  it('shows an owner the changes of the tenant’s own routes, whoever made them', async () => {
    const [mine, theirs] = [testTenant(), testTenant()]
    const owner = await rig.main.as(mine)
    const input = { resourceKind: 'chat_store', tenantId: mine.tenantId }
    const { route } = given(await saveRoute(owner, input)).saveRoute
    for (let n = 0; n < 7; n += 1) {
      given(
        await saveRoute(operator, {
          ...input,
          resourceKind: 'tabular_store',
          tenantId: theirs.tenantId,
          costNotes: `note ${n}`,
        }),
      )
    }
    given(await deleteRoute(operator, route.id))

    const { nodes } = given(await owner<Audits>(audits, { first: 100 })).routeAudits
    expect(nodes).toMatchObject([
      { action: 'DELETED', routeId: route.id, after: null },
      { action: 'SAVED', routeId: route.id, by: `user:${mine.actor.id}`, before: null },
    ])
    const all = given(await operator<Audits>(audits, { first: 100 })).routeAudits.nodes
    expect(all.length).toBeGreaterThanOrEqual(10)

    const paged: unknown[] = []
    let after: string | null = null
    do {
      const page: Audits['routeAudits'] = given(
        await owner<Audits>(audits, { first: 2, after }),
      ).routeAudits
      paged.push(...page.nodes)
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null
    } while (after !== null)
    expect(paged).toEqual(nodes)
  })

  it('hides secrets, also from operators', async () => {
    given(
      await saveRoute(operator, {
        resourceKind: 'memory_store',
        tenantId: null,
        backendType: 'DYNAMODB',
        config: { table_name: 'memories', key: 'secret:MEMORY_KEY' },
      }),
    )
    const { nodes } = given(await operator<Audits>(audits, { first: 1 })).routeAudits
    expect(nodes[0]?.after).toMatchObject({ config: { key: '[redacted]' } })
    expect(JSON.stringify(nodes)).not.toContain('MEMORY_KEY')
  })
})

const explain = `query ($kind: String!, $tenant: ID, $mode: TenantMode, $project: ID, $surface: ID) {
  explainRoute(resourceKind: $kind, tenantId: $tenant, mode: $mode, projectId: $project,
    surfaceId: $surface) {
    route { id } reason candidates { route { id } fits mismatches } } }`

describe('the explanation of a route', () => {
  let rig: StorageRig
  let operator: GraphQLClient

  beforeAll(async () => {
    rig = await startStorageRig()
    operator = await rig.main.as(testTenant({ tenantId: system, roles: ['operator'] }))
  })
  afterAll(() => rig.close())

  it('says which one any tenant would get, and why not the others', async () => {
    const { tenantId: tenant } = testTenant()
    const add = async (more: Record<string, unknown>): Promise<string> =>
      given(await saveRoute(operator, { resourceKind: 'chat_store', tenantId: null, ...more }))
        .saveRoute.route.id
    const everybody = await add({})
    const surface = await add({ tenantId: tenant, surfaceId: 'web' })
    const lab = await add({ modes: ['LAB'] })

    const answer = given(
      await operator<{ explainRoute: unknown }>(explain, {
        kind: 'chat_store',
        tenant,
        mode: 'SAAS',
        surface: 'web',
      }),
    )
    expect(answer.explainRoute).toEqual({
      route: { id: surface },
      reason: 'It is the most specific route that fits: it names the tenant, the surface.',
      candidates: [
        { route: { id: surface }, fits: true, mismatches: [] },
        { route: { id: everybody }, fits: true, mismatches: [] },
        { route: { id: lab }, fits: false, mismatches: ['MODE'] },
      ],
    })
  })

  it('says when there is none', async () => {
    const answer = given(
      await operator<{ explainRoute: unknown }>(explain, { kind: 'memory_store' }),
    )
    expect(answer.explainRoute).toMatchObject({ route: null, candidates: [] })
  })

  it('is not given to an owner about another tenant', async () => {
    const owner = await rig.main.as(testTenant())
    const other = testTenant().tenantId
    expect(codeOf(await owner(explain, { kind: 'chat_store', tenant: other }))).toBe('FORBIDDEN')
    given(await owner(explain, { kind: 'chat_store' }))
  })
})
