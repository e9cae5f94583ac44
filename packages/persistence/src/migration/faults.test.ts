/** What may go wrong in each phase, one thing at a time; torture.test.ts has all of it at once. */
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AppError } from '@heirloom/errors'
import type { TenantId } from '@heirloom/tenancy'
import { testDatabase, testTenant, type TestDatabase } from '@heirloom/testkit'
import type { Backend } from '../backends/backend.js'
import { recordMigrations } from '../backends/postgres/schema.js'
import type { RecordTable, Write } from '../ports/record-table.js'
import { createPlacements } from '../strategies/placed-table.js'
import type { Migration, MigrationOptions, Phase } from './migration.js'
import { createMover, routeIdOf, type Mover } from './testing/mover.js'

const home = 'backend_type: postgres, config: { connection: main }'
const bootstrap = `
registry: { tenant_id: t_system, ${home} }
routes:
  - { resource_kind: tabular_store, ${home} }
`
const other = { backendType: 'postgres', config: { connection: 'other' } } as const
const main = { backendType: 'postgres', config: { connection: 'main' } } as const
const maxBytes = 200
const pk = 'table#t'

describe('a migration in which something fails', () => {
  let databases: readonly TestDatabase[]
  let mover: Mover
  let tenant: TenantId
  let isAway: boolean

  beforeEach(async () => {
    databases = [await testDatabase([recordMigrations]), await testDatabase([recordMigrations])]
    const [one, two] = databases
    isAway = false
    const postgresConnections = {
      main: { url: one?.appUrl ?? '', maxConnections: 6 },
      other: { url: two?.appUrl ?? '', maxConnections: 6 },
    }
    mover = createMover({ postgresConnections }, { bootstrap, runs: true, change: narrowed })
    await mover.start()
    tenant = testTenant().tenantId
  })
  afterEach(async () => {
    await mover.stop()
    await Promise.all(databases.map((one) => one.drop()))
  })

  /** The other one takes small records only, and is away at times. */
  function narrowed(backends: readonly Backend[]): readonly Backend[] {
    return backends.map((backend) => ({
      ...backend,
      open: (config) => {
        const opened = backend.open(config)
        if (config['connection'] !== 'other') return opened
        const { records } = opened
        const made = (table: RecordTable): RecordTable => ({
          ...table,
          capabilities: table.capabilities,
          get: async (...call) => {
            refuse([])
            return table.get(...call)
          },
          getMany: async (...call) => {
            refuse([])
            return table.getMany(...call)
          },
          put: async (to, sk, value, options) => {
            refuse([{ op: 'put', sk, value }])
            return table.put(to, sk, value, options)
          },
          transact: async (to, writes) => {
            refuse(writes)
            return table.transact(to, writes)
          },
        })
        return {
          ...opened,
          records: {
            scan: (...call) => records.scan(...call),
            for: (...call) => made(records.for(...call)),
          },
        }
      },
    }))
  }

  function refuse(writes: readonly Write[]): void {
    if (isAway) throw new AppError('BACKEND_UNAVAILABLE', 'away')
    for (const write of writes) {
      if (write.op === 'put' && JSON.stringify(write.value).length > maxBytes) {
        throw new AppError('PAYLOAD_TOO_LARGE', 'too large for this one')
      }
    }
  }

  const rows = (): RecordTable =>
    mover.records.open({ resourceKind: 'tabular_store', tenantId: tenant })
  const raw = (target: typeof main | typeof other): RecordTable =>
    createPlacements({ backends: mover.backends, systemTenant: mover.registry.tenantId }).table(
      target,
      'tabular_store',
      tenant,
    )
  const sksOf = async (table: RecordTable): Promise<readonly string[]> =>
    (await table.query(pk, { limit: 1_000 })).records.map(({ sk }) => sk)

  async function fill(count: number, from = 0): Promise<readonly string[]> {
    const sks = Array.from({ length: count }, (_, n) => `k${String(from + n).padStart(4, '0')}`)
    for (const sk of sks) await rows().put(pk, sk, { sk })
    return sks
  }

  function begin(options: Partial<MigrationOptions>): Promise<Migration> {
    const routeId = routeIdOf(mover, 'tabular_store')
    return mover.migrations.start(routeId, other, options, 'user:1')
  }

  async function until(id: string, holds: (migration: Migration) => boolean): Promise<Migration> {
    for (;;) {
      const found = await mover.migrations.find(id)
      if (found !== null && holds(found)) return found
      await delay(10)
    }
  }
  const reached = (id: string, phase: Phase): Promise<Migration> =>
    until(id, (migration) => {
      if (migration.isPaused) throw new Error(`paused: ${JSON.stringify(migration.error)}`)
      return migration.phase === phase
    })

  it('does not cut over with a record that the target refuses, and goes on without it', async () => {
    await fill(20)
    await rows().put(pk, 'large', { text: 'x'.repeat(maxBytes) })
    const { id } = await begin({ pageSize: 5 })
    const paused = await until(id, ({ isPaused }) => isPaused)
    expect(paused).toMatchObject({ phase: 'verify', error: { code: 'PRECONDITION_FAILED' } })
    expect(paused.differences).toMatchObject([
      { sk: 'large', kind: 'refused', isRepaired: false, reason: 'too large for this one' },
    ])
    // Nothing was done about it: told to go on, it says the same again.
    await mover.migrations.resume(id, 'user:1')
    await until(id, ({ isPaused }) => isPaused)
    await rows().put(pk, 'large', { text: 'now small' })
    await mover.migrations.resume(id, 'user:1')
    const moved = await reached(id, 'rollback-window')
    expect(moved.differences.filter(({ isRepaired }) => !isRepaired)).toEqual([])
    expect((await rows().get(pk, 'large'))?.value).toEqual({ text: 'now small' })
    expect(await sksOf(rows())).toHaveLength(21)
  })

  it('works off however much the target missed before it holds anybody up', async () => {
    const { id } = await begin({ autoCutOver: false })
    await reached(id, 'ready')
    isAway = true
    await mover.migrations.cutOver(id, 'user:1')
    const sks = await fill(340)
    expect((await mover.migrations.find(id))?.phase).toBe('cut-over')
    isAway = false
    await reached(id, 'rollback-window')
    expect(await sksOf(rows())).toEqual(sks)
    expect(await sksOf(raw(other))).toEqual(sks)
  })

  it.each(['dual-write', 'backfill', 'verify', 'ready', 'rollback-window'] as const)(
    'stopped while in %s is written to, and can be taken back',
    async (phase) => {
      const sks = await fill(60)
      const slowly = { pageSize: 5, recordsPerSecond: 150, autoCutOver: phase !== 'ready' }
      const { id } = await begin(slowly)
      await reached(id, phase)
      const stopped = await mover.migrations.stop(id, 'user:1')
      expect(stopped).toMatchObject({ phase, isPaused: true })
      await rows().delete(pk, sks[0] ?? '')
      const more = await fill(5, 60)
      await delay(200)
      expect(await mover.migrations.find(id)).toMatchObject({ phase, isPaused: true })
      await mover.migrations.rollBack(id, 'user:1')
      await reached(id, 'rolled-back')
      const left = [...sks.slice(1), ...more]
      expect(await sksOf(rows())).toEqual(left)
      expect(await sksOf(raw(main))).toEqual(left)
      expect(await sksOf(raw(other))).toEqual([])
    },
  )

  it('that was told to retire goes on to the end, and not back', async () => {
    const sks = await fill(40)
    const { id } = await begin({ pageSize: 5, recordsPerSecond: 100, rollbackWindowMs: 0 })
    await reached(id, 'retire')
    await expect(mover.migrations.rollBack(id, 'user:1')).rejects.toMatchObject({
      code: 'CONFLICT',
    })
    await mover.migrations.stop(id, 'user:1')
    await mover.migrations.resume(id, 'user:1')
    await reached(id, 'done')
    expect(await sksOf(rows())).toEqual(sks)
    expect(await sksOf(raw(main))).toEqual([])
  })

  it('brings nothing back that was deleted while it was copied', async () => {
    const sks = await fill(120)
    const { id } = await begin({ pageSize: 10, recordsPerSecond: 300 })
    await reached(id, 'backfill')
    // From the end, where the copy has not been, and from the beginning, where it has.
    for (let n = 0; n < 30; n += 1) {
      await rows().delete(pk, sks[n] ?? '')
      await rows().delete(pk, sks.at(-1 - n) ?? '')
    }
    await reached(id, 'rollback-window')
    expect(await sksOf(rows())).toEqual(sks.slice(30, 90))
    await mover.migrations.retire(id, 'user:1')
    await reached(id, 'done')
    expect(await sksOf(raw(other))).toEqual(sks.slice(30, 90))
  })

  it('keeps no record longer than it was to stay', async () => {
    const soon = new Date(Date.now() + 1_500)
    await rows().put(pk, 'brief', {}, { expiresAt: soon })
    await fill(60)
    const { id } = await begin({ pageSize: 5, recordsPerSecond: 100 })
    await reached(id, 'backfill')
    await rows().put(pk, 'during', {}, { expiresAt: soon })
    await reached(id, 'rollback-window')
    await delay(Math.max(0, soon.getTime() - Date.now() + 50))
    expect(await sksOf(rows())).toHaveLength(60)
    expect(await rows().get(pk, 'brief')).toBeNull()
    await rows().put(pk, 'brief', { n: 2 }, { expect: 'absent' })
    expect((await rows().get(pk, 'brief'))?.value).toEqual({ n: 2 })
  })
})
