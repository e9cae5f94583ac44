import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { graphqlClient, startSystem, type GraphQLClient, type System } from '@heirloom/testkit'
import { tokenWith } from '../support/token-with.js'

interface Shown {
  readonly missingResourceKinds: readonly string[]
  readonly routes: { readonly nodes: readonly ShownRoute[]; readonly pageInfo: PageInfo }
  readonly backends: { readonly nodes: readonly ShownBackend[] }
}

interface ShownRoute {
  readonly id: string
  readonly tenantId: string | null
  readonly backendType: string
  readonly config: Readonly<Record<string, string>>
}

interface ShownBackend {
  readonly backendType: string
  readonly config: Readonly<Record<string, string>>
  readonly routeIds: readonly string[]
  readonly healthy: boolean
}

interface PageInfo {
  readonly endCursor: string | null
  readonly hasNextPage: boolean
}

const secretName = 'secret:t_haworth/PRIVATE_KEY_NAME'

/** What a monitor, and a person with curl, get of the routes: the whole system, by HTTP. */
describe('GET /diagnostics/routes', () => {
  let system: System
  let owner: GraphQLClient
  let operator: GraphQLClient
  let owners: string
  let operators: string
  let routeId: string

  beforeAll(async () => {
    system = await startSystem()
    owners = await system.token('t_haworth')
    operators = await system.token('t_system')
    owner = graphqlClient(`${system.url}/graphql`, owners)
    operator = graphqlClient(`${system.url}/graphql`, operators)
    const { data, errors } = await owner<{ saveRoute: { route: { id: string } } }>(
      `mutation ($input: SaveRouteInput!) { saveRoute(input: $input) { route { id } } }`,
      {
        input: {
          resourceKind: 'tabular_store',
          tenantId: 't_haworth',
          backendType: 'DYNAMODB',
          config: {
            table_name: 'haworth_only',
            region: 'eu-west-2',
            access_key_id: secretName,
            secret_access_key: secretName,
          },
          switchRationale: 'to be seen by nobody else',
        },
      },
    )
    expect(errors).toBeUndefined()
    routeId = data?.saveRoute.route.id ?? ''
  }, 120_000)

  afterAll(() => system.stop())

  function get(token: string | null, query = ''): Promise<Response> {
    const headers = new Headers()
    if (token !== null) headers.set('authorization', `Bearer ${token}`)
    return fetch(`${system.url}/diagnostics/routes${query}`, { headers })
  }

  async function shown(token: string, query = ''): Promise<Shown> {
    const response = await get(token, query)
    expect(response.status).toBe(200)
    return (await response.json()) as Shown
  }

  it('shows operators every route, and every backend with its health', async () => {
    const { routes, backends, missingResourceKinds } = await shown(operators)
    expect(missingResourceKinds).toEqual([])
    expect(routes.nodes.map(({ id }) => id)).toContain(routeId)
    expect(backends.nodes).toMatchObject([
      { backendType: 'DYNAMODB', routeIds: [routeId], healthy: false },
      { backendType: 'POSTGRES', config: { connection: 'main' }, healthy: true },
    ])
  })

  it('shows owners the routes of their tenant and those for any, and of nobody else', async () => {
    const { routes } = await shown(owners)
    const tenants = new Set(routes.nodes.map(({ tenantId }) => tenantId))
    expect(tenants).toEqual(new Set(['t_haworth', null]))

    const response = await get(await system.token('t_downe'))
    expect(response.status).toBe(200)
    const text = await response.text()
    for (const theirs of [routeId, 't_haworth', 'haworth_only', 'DYNAMODB', 'to be seen by']) {
      expect(text).not.toContain(theirs)
    }
  })

  it('shows no secret to anybody, and not which secret it is', async () => {
    for (const token of [owners, operators]) {
      const text = await (await get(token)).text()
      expect(text).toContain('haworth_only')
      expect(text).not.toContain('PRIVATE_KEY_NAME')
      expect(text).not.toMatch(/postgres(ql)?:\/\//)
    }
    const { routes, backends } = await shown(owners)
    const own = routes.nodes.find(({ id }) => id === routeId)
    const behind = backends.nodes.find(({ routeIds }) => routeIds.includes(routeId))
    for (const config of [own?.config, behind?.config]) {
      expect(config).toMatchObject({ table_name: 'haworth_only', region: 'eu-west-2' })
      expect(new Set([config?.['access_key_id'], config?.['secret_access_key']]).size).toBe(1)
    }
  })

  it.each([['viewer'], ['contributor'], ['editor'], ['stranger']])(
    'refuses a %s in the usual envelope',
    async (role) => {
      const response = await get(await tokenWith(system, 't_haworth', { roles: [role] }))
      expect(response.status).toBe(403)
      expect(response.headers.get('content-type')).toContain('application/json')
      expect(await response.json()).toMatchObject({
        error: {
          code: 'FORBIDDEN',
          http_status: 403,
          retryable: false,
          request_id: expect.any(String),
        },
      })
    },
  )

  it('answers 401 to nobody, and to a token that is none', async () => {
    for (const token of [null, 'nonsense', `${owners}x`]) {
      const response = await get(token)
      expect(response.status).toBe(401)
      expect(await response.json()).toMatchObject({ error: { http_status: 401 } })
    }
  })

  it('pages the routes', async () => {
    const all = (await shown(owners)).routes.nodes.map(({ id }) => id)
    const seen: string[] = []
    let after: string | null = null
    do {
      const query: string = after === null ? '' : `&after=${encodeURIComponent(after)}`
      const { routes }: Shown = await shown(owners, `?first=4${query}`)
      expect(routes.nodes.length).toBeLessThanOrEqual(4)
      seen.push(...routes.nodes.map(({ id }) => id))
      after = routes.pageInfo.hasNextPage ? routes.pageInfo.endCursor : null
    } while (after !== null)
    expect(seen).toEqual(all)
    expect((await get(owners, '?after=nonsense')).status).toBe(400)
    expect((await get(owners, '?first=0')).status).toBe(400)
  })

  it('answers 503 with every kind that has no route, until there is one again', async () => {
    const kinds = ['chat_store', 'memory_store']
    for (const kind of kinds) {
      const { data } = await operator<{ routes: { nodes: readonly { id: string }[] } }>(
        `query ($kind: String) { routes(resourceKind: $kind) { nodes { id } } }`,
        { kind },
      )
      for (const { id } of data?.routes.nodes ?? []) {
        await operator(
          `mutation ($id: ID!) { deleteRoute(input: { id: $id }) { deletedRouteId } }`,
          { id },
        )
      }
    }
    for (const token of [owners, operators]) {
      const response = await get(token)
      expect(response.status).toBe(503)
      expect(await response.json()).toEqual({
        error: {
          code: 'ROUTE_NOT_CONFIGURED',
          http_status: 503,
          message: 'no route is configured for chat_store, memory_store',
          retryable: true,
          request_id: expect.any(String),
          details: { resource_kinds: kinds, env: 'dev' },
        },
      })
    }
    // Who may not see routes does not learn what is missing either.
    const viewer = await get(await tokenWith(system, 't_haworth', { roles: ['viewer'] }))
    expect(viewer.status).toBe(403)
    for (const resourceKind of kinds) {
      await operator(
        `mutation ($input: SaveRouteInput!) { saveRoute(input: $input) { route { id } } }`,
        { input: { resourceKind, backendType: 'POSTGRES', config: { connection: 'main' } } },
      )
    }
    expect((await get(owners)).status).toBe(200)
  })
})
