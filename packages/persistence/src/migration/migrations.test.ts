import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { testDatabase, testTenant, type TestDatabase } from '@heirloom/testkit'
import type { TenantId } from '@heirloom/tenancy'
import { recordMigrations } from '../backends/postgres/schema.js'
import { createPlacements } from '../strategies/placed-table.js'
import type { RecordTable } from '../ports/record-table.js'
import { createEventStreamStore } from '../stores/event-stream.js'
import type { Migration, Phase } from './migration.js'
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
})
