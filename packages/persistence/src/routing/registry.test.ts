import { once } from 'node:events'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createDatabase } from '@heirloom/postgres'
import { createIds } from '@heirloom/tenancy'
import { fixedClock, testDatabase, testTenant, type TestDatabase } from '@heirloom/testkit'
import { createBackendPool, createBackends, type BackendPool } from '../backends.js'
import type { Backend, BackendType } from '../backends/backend.js'
import { recordMigrations } from '../backends/postgres/schema.js'
import { parseBootstrap } from './bootstrap.js'
import { createRoutingRegistry, type RoutingRegistry } from './registry.js'
import type { BackendSwitch } from './registry-store.js'

const registryRoute =
  'registry: { tenant_id: t_system, backend_type: postgres, config: { connection: main } }'
const chatRoute =
  'routes: [{ resource_kind: chat_store, backend_type: postgres, config: { connection: main } }]'
const secretSpec = { connection: { required: true }, key: { required: false, secret: true } }

describe('the routing registry', () => {
  const clock = fixedClock()
  const anyone = {
    resourceKind: 'chat_store',
    tenantId: testTenant().tenantId,
    mode: 'saas',
  } as const
  const chat = {
    resourceKind: 'chat_store',
    tenantId: null,
    backendType: 'postgres',
    config: { connection: 'main' },
  } as const
  let database: TestDatabase
  let started: { registry: RoutingRegistry; pool: BackendPool }[]

  beforeEach(async () => {
    database = await testDatabase([recordMigrations])
    started = []
  })
  afterEach(async () => {
    for (const { registry, pool } of started) {
      await registry.stop()
      await pool.close()
    }
    await database.drop()
  })

  interface Options {
    readonly bootstrap?: string
    readonly backends?: (postgres: Backend) => readonly Backend[]
    readonly announce?: (change: BackendSwitch) => Promise<void>
    readonly onError?: (error: unknown) => void
  }

  function create(options: Options = {}): RoutingRegistry {
    const main = { url: database.appUrl, maxConnections: 3 }
    const all = createBackends({ postgresConnections: { main, archive: main } })
    const pool = createBackendPool(
      options.backends === undefined ? all : all.flatMap((one) => options.backends?.(one) ?? []),
    )
    const registry = createRoutingRegistry({
      bootstrap: parseBootstrap(options.bootstrap ?? registryRoute),
      backends: pool,
      env: 'test',
      newId: createIds(),
      now: clock.now,
      announce: options.announce ?? (() => Promise.resolve()),
      onError: options.onError ?? (() => undefined),
    })
    started.push({ registry, pool })
    return registry
  }

  async function start(options?: Options): Promise<RoutingRegistry> {
    const registry = create(options)
    await registry.start()
    return registry
  }

  const named =
    (...types: readonly BackendType[]) =>
    (postgres: Backend): readonly Backend[] =>
      types.map((type) => ({ ...postgres, type, configSpec: secretSpec }))

  it('resolves nothing before it is started', () => {
    const registry = create()
    expect(() => registry.resolve(anyone)).toThrow('not loaded yet')
  })

  it('seeds the routes of the bootstrap file once, however many processes start', async () => {
    const bootstrap = `${registryRoute}\n${chatRoute}`
    const registries = await Promise.all([1, 2, 3].map(() => start({ bootstrap })))
    for (const registry of registries) {
      expect(registry.resolve(anyone).updatedBy).toBe('system:bootstrap')
      expect(await registry.audits(10)).toHaveLength(1)
    }
    const [first] = registries
    await first?.delete(first.resolve(anyone).id, 'user:1')
    const later = await start({ bootstrap })
    expect(() => later.resolve(anyone)).toThrow('no route is configured')
  })

  it('refuses to start on a bootstrap file with routes that contradict each other', async () => {
    const route = (modes: string): string =>
      `  - { resource_kind: chat_store, modes: ${modes}, backend_type: postgres, config: { connection: main } }`
    const bootstrap = `${registryRoute}\nroutes:\n${route('[saas]')}\n${route('[saas, lab]')}`
    await expect(start({ bootstrap })).rejects.toMatchObject({ code: 'ROUTE_AMBIGUOUS' })
    const lab = registryRoute.replace('postgres', 'filesystem')
    await expect(start({ bootstrap: lab })).rejects.toMatchObject({ code: 'BACKEND_FORBIDDEN' })
    const absent = registryRoute.replace('postgres', 'cosmos')
    await expect(start({ bootstrap: absent, backends: named('postgres') })).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
    })
  })

  it('refuses a lab backend when a route is taken, even if it got into the registry', async () => {
    const backends = named('postgres', 'memory')
    const registry = await start({ backends })
    await registry.save({ ...chat, backendType: 'memory', modes: ['lab'] }, 'user:1')
    expect(registry.resolve({ ...anyone, mode: 'lab' }).backendType).toBe('memory')
    expect(() => registry.resolve(anyone)).toThrow('no route is configured')
    await smuggle("jsonb_set(value, '{modes}', '[]')")
    const other = await start({ backends })
    expect(() => other.resolve(anyone)).toThrow('lab mode only')
    const { mode: _, ...withoutMode } = anyone
    expect(() => other.resolve(withoutMode)).toThrow('lab mode only')
  })

  it('says so when a route names a backend that this build does not have', async () => {
    const registry = await start({ backends: named('postgres', 'dynamodb') })
    await registry.save({ ...chat, backendType: 'dynamodb' }, 'user:1')
    const without = await start({ backends: named('postgres') })
    expect(() => without.resolve(anyone)).toThrow('dynamodb is not available in this build')
  })

  it('follows changes of another process, and keeps the order of its own', async () => {
    const [one, other] = [await start(), await start()]
    const saved = await one.save({ ...chat, tier: 'first' }, 'user:1')
    expect(one.resolve(anyone)).toEqual(saved)
    await until(() => other.list().some((route) => route.tier === 'first'))
    await other.save({ ...chat, tier: 'second' }, 'user:2')
    expect(other.resolve(anyone).tier).toBe('second')
    await until(() => one.resolve(anyone).tier === 'second')
  })

  it('lets changes at the same time all happen, each with its audit record', async () => {
    const [one, other] = [await start(), await start()]
    const surfaces = ['a', 'b', 'c', 'd', 'e', 'f']
    await Promise.all(
      surfaces.map((surfaceId, n) =>
        (n % 2 === 0 ? one : other).save({ ...chat, surfaceId }, `user:${n}`),
      ),
    )
    await until(() => one.list().length === surfaces.length + 1)
    const audits = await one.audits(100)
    expect(new Set(audits.map((audit) => audit.by)).size).toBe(surfaces.length)
  })

  it('audits who changed what, when, from what and to what, newest first', async () => {
    const registry = await start()
    const route = await registry.save({ ...chat, tier: 'one' }, 'user:1')
    clock.advance(1_000)
    await registry.save({ ...chat, tier: 'two' }, 'user:2')
    clock.advance(1_000)
    await registry.delete(route.id, 'user:3')
    const audits = await registry.audits(10)
    expect(audits).toMatchObject([
      { by: 'user:3', action: 'deleted', before: { tier: 'two' }, after: null },
      { by: 'user:2', action: 'saved', before: { tier: 'one' }, after: { tier: 'two' } },
      { by: 'user:1', action: 'saved', before: null, after: { tier: 'one' } },
    ])
    expect(audits.map((audit) => audit.routeId)).toEqual([route.id, route.id, route.id])
    expect(audits[0]?.at).toBe(new Date(clock.now()).toISOString())
    await expect(registry.delete(route.id, 'user:3')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('keeps secrets out of the audit trail and of announcements', async () => {
    const announced: BackendSwitch[] = []
    const registry = await start({
      backends: named('postgres', 'dynamodb'),
      announce: async (change) => void announced.push(change),
    })
    const config = { connection: 'main', key: 'secret:PROD_KEY' }
    await registry.save({ ...chat, config }, 'user:1')
    await registry.save({ ...chat, backendType: 'dynamodb', config }, 'user:1')
    const shown = JSON.stringify([await registry.audits(10), announced])
    expect(announced).toHaveLength(1)
    expect(shown).not.toContain('PROD_KEY')
    expect(shown).toContain('[redacted]')
  })

  it('remembers what a route named before, and when and why that changed', async () => {
    const registry = await start({ backends: named('postgres', 'dynamodb') })
    await registry.save({ ...chat, switchRationale: 'not a switch' }, 'user:1')
    expect(registry.resolve(anyone)).toMatchObject({
      previousBackendType: null,
      switchRationale: null,
    })
    clock.advance(5_000)
    const switchedAt = new Date(clock.now())
    await registry.save({ ...chat, backendType: 'dynamodb', switchRationale: 'nearer' }, 'user:1')
    clock.advance(5_000)
    await registry.save({ ...chat, backendType: 'dynamodb', tier: 'pro' }, 'user:1')
    expect(registry.resolve(anyone)).toMatchObject({
      previousBackendType: 'postgres',
      switchRationale: 'nearer',
      lastSwitchTime: switchedAt,
    })
  })

  it('takes another place on the same backend for a switch, and another secret for none', async () => {
    const announced: BackendSwitch[] = []
    const registry = await start({
      backends: named('postgres'),
      announce: (change) => Promise.resolve(void announced.push(change)),
    })
    const save = async (key: string, connection: string, switchRationale: string): Promise<void> =>
      void (await registry.save(
        { ...chat, config: { connection, key }, switchRationale },
        'user:1',
      ))
    await save('secret:OLD', 'main', 'the first')
    await save('secret:NEW', 'main', 'rotated')
    expect(registry.resolve(anyone).lastSwitchTime).toBeNull()
    expect(announced).toEqual([])
    await save('secret:NEW', 'archive', 'more room')
    expect(registry.resolve(anyone)).toMatchObject({
      previousBackendType: 'postgres',
      switchRationale: 'more room',
      lastSwitchTime: new Date(clock.now()),
    })
    expect(announced).toMatchObject([
      {
        data: {
          previous_config: { connection: 'main', key: '[redacted]' },
          config: { connection: 'archive', key: '[redacted]' },
          switch_rationale: 'more room',
        },
      },
    ])
    expect(JSON.stringify(announced)).not.toMatch(/OLD|NEW/)
  })

  it('announces a switch again when that failed, and lets one that fails hold up no other', async () => {
    const failed = testTenant().tenantId
    const announced: BackendSwitch[] = []
    const errors: unknown[] = []
    let away = true
    const done = new EventTarget()
    const registry = await start({
      backends: named('postgres', 'dynamodb'),
      announce: async (change) => {
        if (away && change.tenantId === failed) throw new Error('the stream is away')
        announced.push(change)
        done.dispatchEvent(new Event(String(change.tenantId)))
      },
      onError: (error) => errors.push(error),
    })
    for (const tenantId of [failed, null]) {
      await registry.save({ ...chat, tenantId }, 'user:1')
      await registry.save({ ...chat, tenantId, backendType: 'dynamodb' }, 'user:1')
    }
    expect(announced.map((change) => change.tenantId)).toEqual([null])
    expect(errors).toHaveLength(1)
    const again = once(done, String(failed))
    away = false
    await again
    expect(announced.map((change) => change.tenantId)).toEqual([null, failed])
  })

  /** Waits for what another process must bring about; the test's own timeout is the bound. */
  async function until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise((resolve) => setImmediate(resolve))
  }

  async function smuggle(expression: string): Promise<void> {
    const all = createDatabase<unknown>({ url: database.superuserUrl, applicationName: 'test' })
    await sql`update record set value = ${sql.raw(expression)} where sk like 'chat_store%'`.execute(
      all.unbound,
    )
    await all.close()
  }
})
