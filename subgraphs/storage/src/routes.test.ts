import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Backend } from '@heirloom/persistence'
import { tenantId } from '@heirloom/tenancy'
import { testTenant, type GraphQLClient } from '@heirloom/testkit'
import {
  allEvents,
  appendEvents,
  codeOf,
  deleteRoute,
  given,
  ids,
  listRoutes,
  resolveRoute,
  saveRoute,
  streamEnd,
  streamEvents,
} from './testing/operations.js'
import { startStorageRig, type StorageRig } from './testing/rig.js'

/** A second backend type on the same server: all that a switch needs is another name. */
function withSecondBackend(backends: readonly Backend[]): readonly Backend[] {
  return backends.flatMap((backend) => [backend, { ...backend, type: 'dynamodb' as const }])
}

describe('routes', () => {
  let rig: StorageRig
  let operator: GraphQLClient

  // A registry of its own for each test: routes for any tenant are seen by all.
  beforeEach(async () => {
    rig = await startStorageRig({ backends: withSecondBackend })
    operator = await rig.main.as(
      testTenant({ tenantId: tenantId('t_system'), roles: ['operator'] }),
    )
  })
  afterEach(() => rig.close())

  it('start with those of the bootstrap file, its own among them', async () => {
    const routes = await listRoutes(operator)
    expect(routes.map((route) => [route.resourceKind, route.tenantId, route.env])).toEqual(
      expect.arrayContaining([
        ['routing_registry_store', 't_system', 'test'],
        ['event_stream', null, 'test'],
      ]),
    )
    expect(routes).toHaveLength(2)
  })

  it('that are missing fail with 503 and fall back to nothing', async () => {
    const gql = await rig.main.as(testTenant())
    for (const kind of ['chat_store', 'no_such_store', 'routing_registry_store']) {
      const answer = await resolveRoute(gql, kind)
      expect(answer.errors?.[0]?.extensions).toMatchObject({
        code: 'ROUTE_NOT_CONFIGURED',
        http_status: 503,
        retryable: true,
        details: { resource_kind: kind, env: 'test' },
      })
      expect(answer.errors?.[0]?.extensions?.['request_id']).toBeTruthy()
    }
  })

  it('that are missing for event streams fail every operation on them', async () => {
    const owner = testTenant()
    const gql = await rig.main.as(owner)
    const end = given(await streamEnd(gql, 's')).streamEnd
    const [bootstrap] = await listRoutes(operator, 'event_stream')
    given(await deleteRoute(operator, bootstrap?.id ?? ''))
    for (const answer of [
      await streamEvents(gql, 's'),
      await streamEvents(gql, 's', { after: end }),
      await streamEnd(gql, 's'),
      await appendEvents(gql, 's', ['a']),
    ]) {
      expect(codeOf(answer)).toBe('ROUTE_NOT_CONFIGURED')
    }
    const subscriber = await rig.main.subscriber(owner)
    await expect(subscriber.eventStream('s', end).take(1)).rejects.toMatchObject({
      code: 'ROUTE_NOT_CONFIGURED',
    })
    await subscriber.close()
    given(await saveRoute(operator, { resourceKind: 'event_stream', tenantId: null }))
    expect(await allEvents(gql, 's')).toEqual([])
  })

  it('are taken by the most specific that fits', async () => {
    const owner = testTenant({ projectId: 'p1' })
    const gql = await rig.main.as(owner)
    const resolved = async (surfaceId?: string): Promise<string> =>
      given(await resolveRoute(gql, 'chat_store', surfaceId)).resolveRoute.id
    const save = async (input: Record<string, unknown>): Promise<string> =>
      given(await saveRoute(operator, { resourceKind: 'chat_store', ...input })).saveRoute.route.id

    const any = await save({ tenantId: null })
    expect(await resolved()).toBe(any)
    const anySaas = await save({ tenantId: null, modes: ['SAAS'] })
    expect(await resolved()).toBe(anySaas)
    const anyProject = await save({ tenantId: null, projectId: 'p1' })
    expect(await resolved()).toBe(anyProject)
    const anySurface = await save({ tenantId: null, surfaceId: 'web' })
    expect(await resolved('web')).toBe(anySurface)
    expect(await resolved('app')).toBe(anyProject)
    const own = await save({ tenantId: owner.tenantId })
    expect(await resolved('web')).toBe(own)
    const ownProject = await save({ tenantId: owner.tenantId, projectId: 'p1' })
    expect(await resolved()).toBe(ownProject)
    await save({ tenantId: owner.tenantId, projectId: 'p2' })
    await save({ tenantId: owner.tenantId, modes: ['LAB'] })
    await save({ tenantId: owner.tenantId, env: 'elsewhere', projectId: 'p1', modes: ['SAAS'] })
    await save({ tenantId: testTenant().tenantId, projectId: 'p1', modes: ['SAAS'] })
    expect(await resolved()).toBe(ownProject)
  })

  it('are the same route when saved again for the same scope', async () => {
    const input = { resourceKind: 'chat_store', tenantId: null, modes: ['SAAS', 'LAB'] }
    const first = given(await saveRoute(operator, { ...input, tier: 'one' })).saveRoute.route
    const again = given(
      await saveRoute(operator, { ...input, modes: ['LAB', 'SAAS'], tier: 'two' }),
    ).saveRoute.route
    expect(again.id).toBe(first.id)
    expect(await listRoutes(operator, 'chat_store')).toHaveLength(1)
  })

  it('of equal rank are refused when saved, and change nothing', async () => {
    const input = { resourceKind: 'chat_store', tenantId: null }
    const route = given(await saveRoute(operator, { ...input, modes: ['SAAS', 'ENTERPRISE'] }))
      .saveRoute.route
    const answer = await saveRoute(operator, { ...input, modes: ['SAAS'] })
    expect(answer.errors?.[0]?.extensions).toMatchObject({
      code: 'ROUTE_AMBIGUOUS',
      http_status: 409,
      details: { route_id: route.id },
    })
    given(await saveRoute(operator, { ...input, modes: ['LAB'] }))
    expect(await listRoutes(operator, 'chat_store')).toHaveLength(2)
  })

  it('of equal rank are refused also when saved at the same time', async () => {
    const other = await rig.startProcess()
    const otherOperator = await other.as(testTenant({ roles: ['operator'] }))
    const input = { resourceKind: 'chat_store', tenantId: null }
    const answers = await Promise.all([
      saveRoute(operator, { ...input, modes: ['SAAS', 'ENTERPRISE'] }),
      saveRoute(otherOperator, { ...input, modes: ['SAAS', 'SYSTEM'] }),
      saveRoute(operator, { ...input, modes: ['SAAS', 'LAB'] }),
    ])
    const refused = answers.filter((answer) => codeOf(answer) === 'ROUTE_AMBIGUOUS')
    expect(refused).toHaveLength(2)
    expect(await listRoutes(operator, 'chat_store')).toHaveLength(1)
    await other.close()
  })

  it('to backends for the lab are refused elsewhere', async () => {
    for (const backendType of ['FILESYSTEM', 'MEMORY']) {
      for (const modes of [[], ['SAAS'], ['LAB', 'ENTERPRISE']]) {
        const input = { resourceKind: 'chat_store', tenantId: null, backendType, modes, config: {} }
        const answer = await saveRoute(operator, input)
        expect(answer.errors?.[0]?.extensions).toMatchObject({
          code: 'BACKEND_FORBIDDEN',
          http_status: 403,
        })
      }
    }
    expect(await listRoutes(operator, 'chat_store')).toEqual([])
  })

  it('to backends that this build does not have are refused', async () => {
    const input = { resourceKind: 'chat_store', tenantId: null, backendType: 'MEMORY', config: {} }
    const answer = await saveRoute(operator, { ...input, modes: ['LAB'] })
    expect(codeOf(answer)).toBe('BACKEND_UNAVAILABLE')
  })

  it('that make no sense are refused', async () => {
    for (const input of [
      { resourceKind: 'chats' },
      { resourceKind: 'routing_registry_store' },
      { resourceKind: 'chat_store', env: 'No Such Env' },
      { resourceKind: 'chat_store', projectId: 'a#b' },
      { resourceKind: 'chat_store', surfaceId: '' },
      { resourceKind: 'config_store', surfaceId: 'web' },
      { resourceKind: 'event_stream', modes: ['SAAS'] },
      { resourceKind: 'event_stream', projectId: 'p1' },
      { resourceKind: 'chat_store', tenantId: 'Not A Tenant' },
      { resourceKind: 'chat_store', config: {} },
      { resourceKind: 'chat_store', config: [] },
      { resourceKind: 'chat_store', config: { connection: 'other' } },
      { resourceKind: 'chat_store', config: { connection: 'main', password: 'p' } },
      { resourceKind: 'chat_store', config: { connection: 1 } },
      { resourceKind: 'chat_store', costNotes: 'x'.repeat(2_001) },
    ]) {
      expect(codeOf(await saveRoute(operator, { tenantId: null, ...input }))).toBe('INVALID_INPUT')
    }
    expect(await listRoutes(operator)).toHaveLength(2)
  })

  it('reach another process without a restart', async () => {
    const other = await rig.startProcess()
    const gql = await other.as(testTenant())
    expect(codeOf(await resolveRoute(gql, 'chat_store'))).toBe('ROUTE_NOT_CONFIGURED')
    const saved = given(await saveRoute(operator, { resourceKind: 'chat_store', tenantId: null }))
    const deadline = Date.now() + 5_000
    let answer = await resolveRoute(gql, 'chat_store')
    while (codeOf(answer) !== undefined && Date.now() < deadline)
      answer = await resolveRoute(gql, 'chat_store')
    expect(given(answer).resolveRoute.id).toBe(saved.saveRoute.route.id)
    await other.close()
  })

  it('outlive the process, and are not seeded a second time', async () => {
    const saved = given(await saveRoute(operator, { resourceKind: 'chat_store', tenantId: null }))
    const again = await rig.startProcess()
    const gql = await again.as(testTenant({ roles: ['operator'] }))
    expect((await listRoutes(gql)).map((route) => route.id)).toContain(saved.saveRoute.route.id)
    expect(await listRoutes(gql, 'event_stream')).toHaveLength(1)
    await again.close()
  })

  it('remember a change of backend, audit it and announce it to the tenant', async () => {
    const owner = testTenant()
    const gql = await rig.main.as(owner)
    const end = given(await streamEnd(gql, 'routing')).streamEnd
    const input = { resourceKind: 'chat_store', tenantId: owner.tenantId }
    given(await saveRoute(gql, input))
    const switchRationale = 'closer to the family'
    const { route } = given(
      await saveRoute(gql, { ...input, backendType: 'DYNAMODB', switchRationale }),
    ).saveRoute
    expect(route).toMatchObject({ previousBackendType: 'POSTGRES', switchRationale })
    expect(route.lastSwitchTime).not.toBeNull()

    const answer = await gql<{ streamEvents: { nodes: readonly unknown[] } }>(
      `query ($end: String) { streamEvents(streamId: "routing", after: $end) {
        nodes { type actorId data } } }`,
      { end },
    )
    expect(given(answer).streamEvents.nodes).toEqual([
      {
        type: 'ROUTE_BACKEND_SWITCHED',
        actorId: `user:${owner.actor.id}`,
        data: {
          route_id: route.id,
          resource_kind: 'chat_store',
          env: 'test',
          previous_backend_type: 'postgres',
          backend_type: 'dynamodb',
          previous_config: { connection: 'main' },
          config: { connection: 'main' },
          switch_rationale: switchRationale,
          last_switch_time: route.lastSwitchTime,
        },
      },
    ])
    const [switched, saved] = await rig.main.storage.registry.audits(2)
    expect(switched).toMatchObject({
      by: `user:${owner.actor.id}`,
      action: 'saved',
      before: { backend_type: 'postgres' },
      after: { backend_type: 'dynamodb', previous_backend_type: 'postgres' },
    })
    expect(saved).toMatchObject({
      action: 'saved',
      before: null,
      after: { backend_type: 'postgres' },
    })

    given(await saveRoute(gql, { ...input, backendType: 'DYNAMODB', tier: 'pro' }))
    expect(ids(await allEvents(gql, 'routing'))).toHaveLength(1)
  })

  it('for any tenant announce a change of backend to the system', async () => {
    const input = { resourceKind: 'chat_store', tenantId: null }
    given(await saveRoute(operator, input))
    given(await saveRoute(operator, { ...input, backendType: 'DYNAMODB' }))
    const events = await allEvents(operator, 'routing')
    expect(events.map((event) => event.type)).toEqual(['ROUTE_BACKEND_SWITCHED'])
  })

  it('are seen by owners: their own and those for any tenant, never those of others', async () => {
    const owner = testTenant()
    const gql = await rig.main.as(owner)
    const mine = given(
      await saveRoute(gql, { resourceKind: 'chat_store', tenantId: owner.tenantId }),
    )
    const theirs = given(
      await saveRoute(operator, { resourceKind: 'chat_store', tenantId: testTenant().tenantId }),
    )
    const any = given(await saveRoute(operator, { resourceKind: 'chat_store', tenantId: null }))
    const seen = (await listRoutes(gql, 'chat_store')).map((route) => route.id)
    expect(seen).toHaveLength(2)
    expect(seen).toEqual(expect.arrayContaining([mine.saveRoute.route.id, any.saveRoute.route.id]))
    expect((await listRoutes(gql)).map((route) => route.resourceKind)).not.toContain(
      'routing_registry_store',
    )
    expect(codeOf(await deleteRoute(gql, theirs.saveRoute.route.id))).toBe('NOT_FOUND')
    expect(codeOf(await deleteRoute(gql, any.saveRoute.route.id))).toBe('FORBIDDEN')
    expect(codeOf(await deleteRoute(gql, 'rt_none'))).toBe('NOT_FOUND')
    given(await deleteRoute(gql, mine.saveRoute.route.id))
    expect(await listRoutes(operator, 'chat_store')).toHaveLength(2)
  })

  it('of another tenant or of all are not for an owner to write, and none for others', async () => {
    const owner = testTenant()
    const gql = await rig.main.as(owner)
    for (const tenant of [null, testTenant().tenantId, 't_system']) {
      expect(codeOf(await saveRoute(gql, { resourceKind: 'chat_store', tenantId: tenant }))).toBe(
        'FORBIDDEN',
      )
    }
    const input = { resourceKind: 'chat_store', tenantId: owner.tenantId }
    const { id } = given(await saveRoute(gql, input)).saveRoute.route
    for (const role of ['viewer', 'contributor', 'editor'] as const) {
      const member = await rig.main.as({ ...owner, roles: [role] })
      expect(codeOf(await saveRoute(member, input))).toBe('FORBIDDEN')
      expect(codeOf(await deleteRoute(member, id))).toBe('NOT_FOUND')
      expect(codeOf(await resolveRoute(member, 'chat_store'))).toBe('FORBIDDEN')
      expect(await listRoutes(member)).toEqual([])
    }
  })

  it('are listed page by page', async () => {
    for (const resourceKind of ['chat_store', 'config_store', 'memory_store', 'tabular_store']) {
      given(await saveRoute(operator, { resourceKind, tenantId: null }))
    }
    const seen: string[] = []
    let after: string | null = null
    do {
      const answer: {
        routes: {
          nodes: { id: string }[]
          pageInfo: { endCursor: string | null; hasNextPage: boolean }
        }
      } = given(
        await operator(
          `query ($after: String) { routes(first: 4, after: $after) {
              nodes { id } pageInfo { endCursor hasNextPage } } }`,
          { after },
        ),
      )
      seen.push(...answer.routes.nodes.map((route) => route.id))
      after = answer.routes.pageInfo.hasNextPage ? answer.routes.pageInfo.endCursor : null
    } while (after !== null)
    expect(seen).toEqual((await listRoutes(operator)).map((route) => route.id))
    expect(seen).toHaveLength(6)
  })
  it('of a tenant refer to secrets of that tenant alone', async () => {
    const owner = testTenant()
    const gql = await rig.main.as(owner)
    const withKey = (key: string): Record<string, unknown> => ({
      resourceKind: 'chat_store',
      tenantId: owner.tenantId,
      backendType: 'FIRESTORE',
      config: { project: 'haworth', credentials: key },
    })
    for (const key of ['secret:GCP', 'secret:t_other/GCP', `secret:${owner.tenantId}x/GCP`]) {
      expect(codeOf(await saveRoute(gql, withKey(key)))).toBe('FORBIDDEN')
    }
    // Understood as theirs; only this process was given no secrets at all.
    const own = await saveRoute(gql, withKey(`secret:${owner.tenantId}/GCP`))
    expect(own.errors?.[0]?.message).toContain('no secrets')
    expect(codeOf(await saveRoute(operator, withKey('secret:GCP')))).toBe('INVALID_INPUT')
  })
})
