/** Writers and runners are killed while data moves. Needs what `npm test` builds first. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { testDatabase, testTenant, type TestDatabase } from '@heirloom/testkit'
import { recordMigrations } from '../backends/postgres/schema.js'
import type { BackendEnvironment } from '../backends.js'
import { createTorture, type Torture, type TortureReport } from './testing/torture.js'
import type { Harm } from './testing/killer.js'

const records = 200
const harm: Harm = { kills: 1, sleeps: 0, records }
const asleep: Harm = { kills: 0, sleeps: 1, records }
const none: Harm = { kills: 0, sleeps: 0, records }
const other = { backendType: 'postgres', config: { connection: 'other' } } as const
const folder = { backendType: 'filesystem', config: { root: 'lab' } } as const

describe('a migration under load, whose processes are killed or sleep', () => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  let databases: readonly TestDatabase[]
  let filesystemFolder: string
  let torture: Torture | undefined

  beforeEach(async () => {
    databases = [await testDatabase([recordMigrations]), await testDatabase([recordMigrations])]
    filesystemFolder = await mkdtemp(join(tmpdir(), 'heirloom-records-'))
  })
  afterEach(async () => {
    await torture?.stop()
    await Promise.all(databases.map((one) => one.drop()))
    await rm(filesystemFolder, { recursive: true })
  })

  function environment(): BackendEnvironment {
    const [one, two] = databases
    return {
      filesystemFolder,
      postgresConnections: {
        main: { url: one?.appUrl ?? '', maxConnections: 4 },
        other: { url: two?.appUrl ?? '', maxConnections: 4 },
      },
    }
  }

  async function start(mode: 'saas' | 'lab'): Promise<Torture> {
    const modes = mode === 'lab' ? ', modes: [lab]' : ''
    const to = 'backend_type: postgres, config: { connection: main }'
    torture = await createTorture({
      environment: environment(),
      bootstrap: `
registry: { tenant_id: t_system, ${to} }
routes:
  - { resource_kind: tabular_store, ${to}${modes} }
  - { resource_kind: event_stream, ${to} }
`,
      kinds: mode === 'lab' ? ['tabular_store'] : ['tabular_store', 'event_stream'],
      tenant: testTenant().tenantId,
      mode,
      seed,
      pace: 'quick',
      runners: 2,
      writers: 2,
      keysPerWriter: 40,
      pauseMs: 5,
      chaos: { failBefore: 0.005, failAfter: 0.005, late: 0.01, maxLateMs: 700 },
    })
    await torture.fill(records)
    await torture.begin()
    return torture
  }

  function expectAllThere(report: TortureReport): void {
    expect(report, `seed ${seed}`).toMatchObject({ isClean: true })
    expect(report.acknowledged).toBeGreaterThan(100)
  }

  const slowly = { pageSize: 20, recordsPerSecond: 400 }

  it(
    `ends with every acknowledged write once, from Postgres to Postgres`,
    { timeout: 300_000 },
    async () => {
      const running = await start('saas')
      const options = { ...slowly, rollbackWindowMs: 500 }
      await running.move('event_stream', other, options, harm, ['done'])
      const report = await running.settle(records)
      expectAllThere(report)
    },
  )

  it('comes back with every acknowledged write once', { timeout: 300_000 }, async () => {
    const running = await start('saas')
    const { id } = await running.move('tabular_store', other, slowly, none, ['rollback-window'])
    await running.mover.migrations.rollBack(id, 'user:1')
    await running.follow(id, harm, ['rolled-back'])
    const report = await running.settle(records)
    expectAllThere(report)
    expect(await running.rawCount(other)).toBe(0)
  })

  it(
    'ends with every acknowledged write once, from Postgres to a folder',
    { timeout: 300_000 },
    async () => {
      const running = await start('lab')
      const options = { ...slowly, rollbackWindowMs: 500 }
      await running.move('tabular_store', folder, options, asleep, ['done'])
      const report = await running.settle(records)
      expectAllThere(report)
    },
  )
})
