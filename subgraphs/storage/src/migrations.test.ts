import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createBackends, type Backend, type RecordTable } from '@heirloom/persistence'
import { tenantId, type TenantContext } from '@heirloom/tenancy'
import { testTenant, type GraphQLAnswer, type GraphQLClient } from '@heirloom/testkit'
import { allEvents, codeOf, given, listRoutes, saveRoute } from './testing/operations.js'
import { startStorageRig, type StorageRig } from './testing/rig.js'

interface Migration {
  readonly id: string
  readonly phase: string
  readonly isPaused: boolean
  readonly progress: { readonly total: number | null }
  readonly target: { readonly backendType: string; readonly config: unknown }
}

const migration = `id phase isPaused progress { total } target { backendType config }
  source { backendType } history { phase at by } options { isMove rollbackWindowSeconds }
  differences { tenantId partition key kind isRepaired reason } error { code message at }
  startedAt phaseStartedAt finishedAt`

describe('the data of a route', () => {
  let folder: string
  let rig: StorageRig
  let operator: GraphQLClient
  let owner: TenantContext
  let gql: GraphQLClient
  let routeId: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'heirloom-records-'))
    rig = await startStorageRig({
      backends: withFolder,
      leases: { settledMs: 300, movingMs: 200 },
      migrates: true,
    })
    operator = await rig.main.as(
      testTenant({ tenantId: tenantId('t_system'), roles: ['operator'] }),
    )
  })
  afterAll(async () => {
    await rig.close()
    await rm(folder, { recursive: true })
  })
  beforeEach(async () => {
    owner = testTenant({ mode: 'lab' })
    gql = await rig.main.as(owner)
    const input = { resourceKind: 'tabular_store', tenantId: owner.tenantId, modes: ['LAB'] }
    routeId = given(await saveRoute(gql, input)).saveRoute.route.id
  })

  function withFolder(backends: readonly Backend[]): readonly Backend[] {
    const own = createBackends({ postgresConnections: {}, filesystemFolder: folder })
    const isFolder = ({ type }: Backend): boolean => type === 'filesystem'
    return [...backends.filter((one) => !isFolder(one)), ...own.filter(isFolder)]
  }

  function migrate(
    client: GraphQLClient,
    input: Record<string, unknown> = {},
  ): Promise<GraphQLAnswer<{ migrateRoute: { migration: Migration } }>> {
    return client(
      `mutation ($input: MigrateRouteInput!) {
        migrateRoute(input: $input) { migration { ${migration} } } }`,
      { input: { routeId, backendType: 'FILESYSTEM', config: { root: owner.tenantId }, ...input } },
    )
  }

  function step(
    client: GraphQLClient,
    name: string,
    id: string,
  ): Promise<GraphQLAnswer<{ step: { migration: Migration } }>> {
    const input = ['rollBack', 'retire'].includes(name) ? 'LeaveBackendInput' : 'MigrationInput'
    return client(
      `mutation ($input: ${input}!) {
        step: ${name}Migration(input: $input) { migration { ${migration} } } }`,
      { input: { id } },
    )
  }

  async function find(client: GraphQLClient, id: string): Promise<Migration | null> {
    const answer = await client<{ routeMigration: Migration | null }>(
      `query ($id: ID!) { routeMigration(id: $id) { ${migration} } }`,
      { id },
    )
    return given(answer).routeMigration
  }

  async function reached(id: string, phase: string): Promise<Migration> {
    for (;;) {
      const found = await find(gql, id)
      if (found?.phase === phase) return found
      if (found === null || found.isPaused) throw new Error(JSON.stringify(found))
      await delay(50)
    }
  }

  const rows = (): RecordTable =>
    rig.main.storage.records.open({
      resourceKind: 'tabular_store',
      tenantId: owner.tenantId,
      mode: 'lab',
    })

  it('moves by the word of its owner, is announced, and comes back', async () => {
    await rows().put('table#people', 'ada', { name: 'Ada' })
    const { id } = given(await migrate(gql, { autoCutOver: false, rationale: 'to try' }))
      .migrateRoute.migration
    expect(codeOf(await migrate(gql))).toBe('CONFLICT')
    await reached(id, 'READY')
    const [route] = await placed(gql)
    expect(route).toMatchObject({
      strategy: 'DUAL_WRITE',
      shadow: { backendType: 'FILESYSTEM' },
      writesHeld: false,
      migration: { id, phase: 'READY' },
    })
    given(await step(gql, 'cutOver', id))
    await reached(id, 'ROLLBACK_WINDOW')
    expect((await listRoutes(gql, 'tabular_store'))[0]).toMatchObject({
      backendType: 'FILESYSTEM',
      previousBackendType: 'POSTGRES',
      switchRationale: 'to try',
    })
    await rows().put('table#people', 'bob', { name: 'Bob' })
    given(await step(gql, 'rollBack', id))
    await reached(id, 'ROLLED_BACK')
    expect((await rows().get('table#people', 'ada'))?.value).toEqual({ name: 'Ada' })
    expect((await rows().get('table#people', 'bob'))?.value).toEqual({ name: 'Bob' })
    expect((await listRoutes(gql, 'tabular_store'))[0]?.backendType).toBe('POSTGRES')
    while ((await allEvents(gql, 'routing')).length < 2) await delay(50)
    const types = (await allEvents(gql, 'routing')).map(({ type }) => type)
    expect(types).toEqual(['ROUTE_BACKEND_SWITCHED', 'ROUTE_BACKEND_SWITCHED'])
  })

  it('is stopped, goes on, and is left where it was', async () => {
    const { id } = given(await migrate(gql, { autoCutOver: false })).migrateRoute.migration
    expect(given(await step(gql, 'stop', id)).step.migration.isPaused).toBe(true)
    expect(codeOf(await step(gql, 'cutOver', id))).toBe('CONFLICT')
    expect(given(await step(gql, 'resume', id)).step.migration.isPaused).toBe(false)
    await reached(id, 'READY')
    given(await step(gql, 'rollBack', id))
    await reached(id, 'ROLLED_BACK')
    expect(codeOf(await step(gql, 'resume', id))).toBe('CONFLICT')
  })

  it('is moved by nobody else, who does not even learn of it', async () => {
    const stranger = await rig.main.as(testTenant())
    expect(codeOf(await migrate(stranger))).toBe('NOT_FOUND')
    const { id } = given(await migrate(gql, { autoCutOver: false })).migrateRoute.migration
    expect(await find(stranger, id)).toBeNull()
    expect(await list(stranger)).toEqual([])
    for (const name of ['stop', 'resume', 'cutOver', 'rollBack', 'retire']) {
      expect(codeOf(await step(stranger, name, id))).toBe('NOT_FOUND')
    }
    for (const role of ['viewer', 'contributor', 'editor'] as const) {
      const member = await rig.main.as({ ...owner, roles: [role] })
      expect(codeOf(await migrate(member))).toBe('NOT_FOUND')
      expect(await find(member, id)).toBeNull()
      expect(codeOf(await step(member, 'stop', id))).toBe('NOT_FOUND')
    }
    expect(await list(operator)).toContain(id)
    given(await step(operator, 'rollBack', id))
  })

  it('is not moved to what a route could not name', async () => {
    for (const [input, code] of [
      [{ backendType: 'POSTGRES', config: { connection: 'main' } }, 'INVALID_INPUT'],
      [{ backendType: 'POSTGRES', config: { connection: 'none' } }, 'INVALID_INPUT'],
      [{ config: {} }, 'INVALID_INPUT'],
      [{ config: { root: '../elsewhere' } }, 'INVALID_INPUT'],
      [{ pageSize: 0 }, 'INVALID_INPUT'],
      [{ recordsPerSecond: -1 }, 'INVALID_INPUT'],
      [{ rollbackWindowSeconds: -1 }, 'INVALID_INPUT'],
      [{ mirror: 'SINGLE' }, 'INVALID_INPUT'],
      [{ routeId: 'rt_none' }, 'NOT_FOUND'],
    ] as const) {
      expect([input, codeOf(await migrate(gql, input))]).toEqual([input, code])
    }
    const saas = given(
      await saveRoute(gql, { resourceKind: 'memory_store', tenantId: owner.tenantId }),
    ).saveRoute.route.id
    expect(codeOf(await migrate(gql, { routeId: saas }))).toBe('BACKEND_FORBIDDEN')
  })

  it('gets what its backend needs', async () => {
    const answer = await gql<{ provisionBackend: { report: { done: readonly string[] } } }>(
      `mutation ($input: ProvisionBackendInput!) {
        provisionBackend(input: $input) {
          report { done found refused { step reason command } } } }`,
      { input: { routeId, backendType: 'FILESYSTEM', config: { root: 'fresh' } } },
    )
    expect(given(answer).provisionBackend.report).toEqual({
      done: ['folder fresh'],
      found: [],
      refused: [],
    })
  })

  async function list(client: GraphQLClient): Promise<readonly string[]> {
    const answer = await client<{ routeMigrations: readonly { id: string }[] }>(
      '{ routeMigrations(first: 100) { id } }',
    )
    return given(answer).routeMigrations.map(({ id }) => id)
  }

  async function placed(client: GraphQLClient): Promise<readonly unknown[]> {
    const answer = await client<{ routes: { nodes: readonly unknown[] } }>(
      `{ routes(resourceKind: "tabular_store") { nodes {
        strategy writesHeld shadow { backendType config } migration { id phase } } } }`,
    )
    return given(answer).routes.nodes
  }
})
