import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createDatabase } from '@heirloom/postgres'
import { testDatabase, testTenant, type TestDatabase } from '@heirloom/testkit'
import type { TenantId } from '@heirloom/tenancy'
import { recordMigrations } from '../backends/postgres/schema.js'
import { createPlacements } from '../strategies/placed-table.js'
import type { RecordTable } from '../ports/record-table.js'
import { createEventStreamStore } from '../stores/event-stream.js'
import type { BackendTarget } from '../routing/placement.js'
import type { Migration, MigrationOptions, Phase } from './migration.js'
import { createMover, routeIdOf, type Mover } from './testing/mover.js'

const bootstrap = `
registry: { tenant_id: t_system, backend_type: postgres, config: { connection: main } }
routes:
  - { resource_kind: tabular_store, backend_type: postgres, config: { connection: main } }
  - { resource_kind: event_stream, backend_type: postgres, config: { connection: main } }
  - { resource_kind: chat_store, backend_type: postgres, config: { connection: main } }
`
const other = { backendType: 'postgres', config: { connection: 'other' } } as const
const main = { backendType: 'postgres', config: { connection: 'main' } } as const

describe('a migration', () => {
  let databases: readonly TestDatabase[]
  let movers: Mover[]
  let mover: Mover
  let tenant: TenantId

  beforeEach(async () => {
    databases = [await testDatabase([recordMigrations]), await testDatabase([recordMigrations])]
    movers = []
    mover = await start(true)
    tenant = testTenant().tenantId
  })
  afterEach(async () => {
    await Promise.all(movers.map((one) => one.stop()))
    await Promise.all(databases.map((one) => one.drop()))
  })

  async function start(runs: boolean): Promise<Mover> {
    const [one, two] = databases
    const postgresConnections = {
      main: { url: one?.appUrl ?? '', maxConnections: 6 },
      other: { url: two?.appUrl ?? '', maxConnections: 6 },
      alias: { url: one?.appUrl ?? '', maxConnections: 2 },
    }
    const made = createMover({ postgresConnections }, { bootstrap, runs })
    movers.push(made)
    await made.start()
    return made
  }

  const rows = (by = mover, of = tenant): RecordTable =>
    by.records.open({ resourceKind: 'tabular_store', tenantId: of })
  const raw = (target: typeof other | typeof main, of = tenant): RecordTable =>
    createPlacements({
      backends: mover.backends,
      systemTenant: mover.registry.tenantId,
    }).table(target, 'tabular_store', of)

  async function reached(id: string, ...phases: readonly Phase[]): Promise<Migration> {
    for (;;) {
      const found = await mover.migrations.find(id)
      if (found !== null && phases.includes(found.phase)) return found
      if (found?.isPaused === true) throw new Error(`paused: ${JSON.stringify(found)}`)
      await delay(20)
    }
  }

  async function fill(table: RecordTable, count: number): Promise<void> {
    for (let n = 0; n < count; n += 1) {
      await table.put(`table#t${n % 5}`, `row${n}`, { n })
    }
  }

  async function contents(table: RecordTable): Promise<ReadonlyMap<string, unknown>> {
    const found = new Map<string, unknown>()
    for (let p = 0; p < 5; p += 1) {
      const { records } = await table.query(`table#t${p}`, { limit: 1_000 })
      for (const { sk, value } of records) found.set(`t${p}/${sk}`, value)
    }
    return found
  }

  it('moves every record, and leaves nothing behind', async () => {
    await fill(rows(), 60)
    const before = await contents(rows())
    const routeId = routeIdOf(mover, 'tabular_store')
    const { id } = await mover.migrations.start(
      routeId,
      other,
      { pageSize: 7, rollbackWindowMs: 0, rationale: 'nearer' },
      'user:1',
    )
    const done = await reached(id, 'done')
    expect(done.history.map(({ phase }) => phase)).toEqual([
      'dual-write',
      'backfill',
      'verify',
      'ready',
      'cut-over',
      'rollback-window',
      'retire',
      'done',
    ])
    expect(done.progress).toMatchObject({ total: 60 })
    expect(done.differences).toEqual([])
    expect(await contents(rows())).toEqual(before)
    expect(await contents(raw(other))).toEqual(before)
    expect((await contents(raw(main))).size).toBe(0)
    const route = mover.registry.list().find((one) => one.id === routeId)
    expect(route).toMatchObject({
      ...other,
      previousBackendType: 'postgres',
      switchRationale: 'nearer',
      placement: { strategy: 'single', shadow: null, migrationId: null, home: 1 },
    })
    expect(mover.announced.map(({ data }) => data['route_id'])).toEqual([routeId])
  })

  it('moves event streams whose readers miss nothing and whose positions stay', async () => {
    const streams = createEventStreamStore(
      mover.records.open({ resourceKind: 'event_stream', tenantId: tenant }),
    )
    const event = (id: string): Parameters<typeof streams.append>[1][number] => {
      return { id, type: 'Told', occurredAt: new Date(), actorId: null, data: { id } }
    }
    await streams.append('s', [event('a'), event('b')])
    const [a] = (await streams.listAfter('s', 0, 10)).events
    let woken = 0
    const unsubscribe = streams.onAppend('s', () => (woken += 1))
    const { id } = await mover.migrations.start(
      routeIdOf(mover, 'event_stream'),
      other,
      {},
      'user:1',
    )
    const writing = new AbortController()
    const written: string[] = ['b']
    const writer = (async () => {
      for (let n = 0; !writing.signal.aborted; n += 1) {
        await streams.append('s', [event(`e${n}`)])
        written.push(`e${n}`)
      }
    })()
    await reached(id, 'rollback-window')
    writing.abort()
    await writer
    const { events } = await streams.listAfter('s', a?.position ?? 0, 1_000)
    expect(events.map((one) => one.id)).toEqual(written)
    woken = 0
    await streams.append('s', [event('last')])
    while (woken === 0) await delay(5)
    unsubscribe()
  })

  it('keeps other kinds, other routes and other tenants where they are', async () => {
    const own = { resourceKind: 'tabular_store', tenantId: tenant, ...main } as const
    const { id: routeId } = await mover.registry.save(own, 'user:1')
    const neighbour = testTenant().tenantId
    await fill(rows(), 10)
    await fill(rows(mover, neighbour), 10)
    const chats = mover.records.open({ resourceKind: 'chat_store', tenantId: tenant })
    await chats.put('chat#saas#p#t', 'head', { n: 1 })
    await streamsOf(mover).append('s', [eventOf('a')])
    const { id } = await mover.migrations.start(routeId, other, { rollbackWindowMs: 0 }, 'user:1')
    await reached(id, 'done')
    expect((await contents(raw(other))).size).toBe(10)
    expect((await contents(raw(main))).size).toBe(0)
    expect((await contents(raw(main, neighbour))).size).toBe(10)
    expect((await contents(raw(other, neighbour))).size).toBe(0)
    expect(await chats.get('chat#saas#p#t', 'head')).not.toBeNull()
    expect((await streamsOf(mover).listAfter('s', 0, 10)).events).toHaveLength(1)
  })

  it('carries expiries along, and brings back nothing that was deleted', async () => {
    const expiresAt = new Date(Date.now() + 3_600_000)
    await rows().put('table#t0', 'expiring', { n: 1 }, { expiresAt })
    await rows().put('table#t0', 'gone', { n: 1 })
    const { id } = await begin({ autoCutOver: false })
    await reached(id, 'ready')
    await rows().delete('table#t0', 'gone')
    await rows().put('table#t0', 'short', {}, { expiresAt: new Date(Date.now() + 50) })
    await mover.migrations.cutOver(id, 'user:1')
    await reached(id, 'rollback-window')
    expect((await rows().query('table#t0', { limit: 10 })).records).toMatchObject([
      { sk: 'expiring', expiresAt },
    ])
    await rows().put('table#t0', 'gone', { n: 2 }, { expect: 'absent' })
    await mover.migrations.retire(id, 'user:1')
    await reached(id, 'done')
    expect((await raw(other).query('table#t0', { limit: 10 })).records).toMatchObject([
      { sk: 'expiring', value: { n: 1 }, expiresAt },
      { sk: 'gone', value: { n: 2 } },
    ])
  })

  it('takes no version of the old home for one of the new', async () => {
    const version = await rows().put('table#t0', 'a', { n: 1 })
    const { id } = await begin()
    await reached(id, 'rollback-window')
    await expect(
      rows().put('table#t0', 'a', { n: 2 }, { expect: { version } }),
    ).rejects.toMatchObject({ code: 'CONFLICT' })
    const found = await rows().get('table#t0', 'a')
    await rows().put('table#t0', 'a', { n: 2 }, { expect: { version: found?.version ?? raise() } })
  })

  it('removes from the target what the source does not have', async () => {
    await fill(rows(), 10)
    await raw(other).put('table#t9', 'foreign', { n: -1 })
    await raw(other).put('table#t0', 'row0', { n: -1 })
    const { id } = await begin({ autoCutOver: false })
    const ready = await reached(id, 'ready')
    expect(ready.differences).toMatchObject([{ pk: 'table#t9', kind: 'extra', isRepaired: true }])
    await mover.migrations.cutOver(id, 'user:1')
    await reached(id, 'rollback-window')
    expect(await rows().get('table#t9', 'foreign')).toBeNull()
    expect((await rows().get('table#t0', 'row0'))?.value).toEqual({ n: 0 })
  })

  it('goes on writing while the target is away, and catches up when it is back', async () => {
    const { id } = await begin({ autoCutOver: false })
    await reached(id, 'ready')
    const [, two] = databases
    await connections(two, 'false')
    await fill(rows(), 12)
    expect((await contents(rows())).size).toBe(12)
    await mover.migrations.cutOver(id, 'user:1')
    await delay(300)
    expect((await mover.migrations.find(id))?.phase).toBe('cut-over')
    await rows().put('table#t0', 'still', { n: 1 })
    await connections(two, 'true')
    await reached(id, 'rollback-window')
    expect((await contents(rows())).size).toBe(13)
    expect((await contents(raw(other))).size).toBe(13)
  })

  it('is worked on by one runner, and by another one when that is gone', async () => {
    const second = await start(true)
    const { id } = await begin({ autoCutOver: false })
    const first = (await reached(id, 'ready')).runner?.id
    const [gone, stays] = first === mover.runner.id ? [mover, second] : [second, mover]
    expect(gone.runner.id).toBe(first)
    movers = movers.filter((one) => one !== gone)
    await gone.stop()
    mover = stays
    await mover.migrations.cutOver(id, 'user:1')
    expect((await reached(id, 'rollback-window')).runner?.id).toBe(stays.runner.id)
  })

  it('stays as a mirror whose shadow is read, and can become the backend', async () => {
    await fill(rows(), 10)
    const { id } = await begin({ goal: 'mirror', strategy: 'read-replica' })
    await reached(id, 'mirrored')
    await mover.registry.confirm()
    // Told apart by what only the shadow has.
    await raw(other).put('table#t0', 'on-the-shadow', { n: 1 })
    expect(await rows().get('table#t0', 'on-the-shadow')).not.toBeNull()
    const { version: read = raise() } = (await rows().get('table#t0', 'row0')) ?? {}
    const version = await rows().put('table#t0', 'row0', { n: 7 }, { expect: { version: read } })
    await rows().put('table#t0', 'row0', { n: 8 }, { expect: { version } })
    for (const outdated of [read, version]) {
      await expect(
        rows().put('table#t0', 'row0', { n: 9 }, { expect: { version: outdated } }),
      ).rejects.toMatchObject({ code: 'CONFLICT' })
    }
    await mover.migrations.cutOver(id, 'user:1')
    await reached(id, 'rollback-window')
    expect((await rows().get('table#t0', 'row0'))?.value).toEqual({ n: 8 })
    expect(await rows().get('table#t0', 'on-the-shadow')).toBeNull()
  })

  it('is refused where it would harm', async () => {
    const alias = { backendType: 'postgres', config: { connection: 'alias' } } as const
    await expect(begin({}, alias)).rejects.toThrow('both configs lead to the same place')
    await expect(begin({}, main)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    for (const [kind, options] of [
      ['event_stream', { goal: 'mirror', strategy: 'read-replica' }],
      ['routing_registry_store', {}],
    ] as const) {
      await expect(
        mover.migrations.start(routeIdOf(mover, kind), other, options, 'user:1'),
      ).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    }
    const { id } = await begin({ autoCutOver: false })
    const routeId = routeIdOf(mover, 'tabular_store')
    const elsewhere = { resourceKind: 'tabular_store', tenantId: null, ...other } as const
    for (const attempt of [
      () => begin(),
      () => mover.registry.delete(routeId, 'user:1'),
      () => mover.registry.save(elsewhere, 'user:1'),
      () => mover.migrations.retire(id, 'user:1'),
    ]) {
      await expect(attempt()).rejects.toMatchObject({ code: 'CONFLICT' })
    }
  })

  it('has names of its own, which no store may use', async () => {
    for (const [pk, value] of [
      ['!migration#intents#x#0', {}],
      ['table#t0', { '!gone': true }],
    ] as const) {
      await expect(rows().put(pk, 'k', value)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    }
  })

  it('lets nobody acknowledge a write who cannot see the routes', async () => {
    const { id } = await begin()
    await reached(id, 'rollback-window')
    const cutOff = await start(false)
    await rows(cutOff).put('table#t0', 'b', { n: 1 })
    // The registry's database goes; the one that has the data stays.
    const [one] = databases
    await connections(one, 'false')
    await delay(400)
    const attempt = rows(cutOff).put('table#t0', 'c', { n: 1 })
    await expect(attempt).rejects.toThrow('not currently accepting connections')
    expect(await raw(other).get('table#t0', 'c')).toBeNull()
    await connections(one, 'true')
    await rows(cutOff).put('table#t0', 'd', { n: 1 })
    expect(await raw(other).get('table#t0', 'd')).not.toBeNull()
  })

  const streamsOf = (of: Mover): ReturnType<typeof createEventStreamStore> =>
    createEventStreamStore(of.records.open({ resourceKind: 'event_stream', tenantId: tenant }))

  function eventOf(id: string): Parameters<ReturnType<typeof streamsOf>['append']>[1][number] {
    return { id, type: 'Told', occurredAt: new Date(), actorId: null, data: { id } }
  }

  function begin(
    options: Partial<MigrationOptions> = {},
    target: BackendTarget = other,
  ): Promise<Migration> {
    const routeId = routeIdOf(mover, 'tabular_store')
    return mover.migrations.start(routeId, target, options, 'user:1')
  }

  /** Makes a database go away, or come back. */
  async function connections(database: TestDatabase | undefined, allowed: string): Promise<void> {
    if (database === undefined) throw new Error('there is no such database')
    const url = database.superuserUrl.replace(/[^/]+$/, 'postgres')
    const all = createDatabase<unknown>({ url, applicationName: 'test' })
    const name = sql.id(database.name)
    await sql`alter database ${name} allow_connections ${sql.raw(allowed)}`.execute(all.unbound)
    if (allowed === 'false') {
      await sql`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = ${database.name}`.execute(all.unbound)
    }
    await all.close()
  }
})

function raise(): never {
  throw new Error('the record is gone')
}
