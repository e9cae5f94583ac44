import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createIds } from '@heirloom/tenancy'
import { eventually, testDatabase, testTenant, type TestDatabase } from '@heirloom/testkit'
import { createBackendPool, createBackends, type BackendEnvironment } from '../backends.js'
import { recordMigrations } from '../backends/postgres/schema.js'
import { parseBootstrap } from './bootstrap.js'
import { createRoutingRegistry, type RoutingRegistry } from './registry.js'
import type { RouteWatcherOptions, Seen } from './testing/route-watcher-process.js'

const watcher = fileURLToPath(
  new URL('../../dist/routing/testing/route-watcher-process.js', import.meta.url),
)
const promisedMs = 1_000
const changes = 8
const request = {
  resourceKind: 'chat_store',
  tenantId: testTenant().tenantId,
  mode: 'lab',
} as const

/** How a process learns of a change: it is told, or it looks. */
const kinds = [
  { backendType: 'postgres', by: 'by NOTIFY', config: { connection: 'main' } },
  { backendType: 'filesystem', by: 'by polling', config: { root: 'routes' } },
] as const

describe.each(kinds)('routes kept in $backendType', ({ backendType, by, config }) => {
  let database: TestDatabase
  let folder: string
  let environment: BackendEnvironment
  let children: ChildProcess[] = []
  const bootstrap = JSON.stringify({
    registry: { tenant_id: 't_system', backend_type: backendType, modes: ['lab'], config },
    routes: [{ resource_kind: 'chat_store', modes: ['lab'], backend_type: backendType, config }],
  })

  beforeAll(async () => {
    database = await testDatabase([recordMigrations])
    folder = await mkdtemp(join(tmpdir(), 'heirloom-routes-'))
    environment = {
      postgresConnections: { main: { url: database.appUrl, maxConnections: 3 } },
      filesystemFolder: folder,
    }
  })
  afterEach(async () => {
    for (const child of children) if (child.kill('SIGKILL')) await once(child, 'exit')
    children = []
  })
  afterAll(async () => {
    await database.drop()
    await rm(folder, { recursive: true })
  })

  /** What another process says that it knows, as it says it. */
  function watch(): Seen[] {
    const options: RouteWatcherOptions = { environment, bootstrap, request }
    // None of the test runner's arguments: they lead to sources.
    const child = fork(watcher, [JSON.stringify(options)], { execArgv: ['--no-warnings'] })
    children.push(child)
    const seen: Seen[] = []
    child.on('message', (message) => seen.push(message as Seen))
    return seen
  }

  async function openRegistry(): Promise<RoutingRegistry> {
    const registry = createRoutingRegistry({
      bootstrap: parseBootstrap(bootstrap),
      backends: createBackendPool(createBackends(environment)),
      env: 'test',
      newId: createIds(),
      announce: () => Promise.resolve(),
      onError: () => undefined,
    })
    await registry.start()
    return registry
  }

  // Tried again, because a machine with more to do than cores keeps everybody waiting.
  it(
    `are known to every other process within a second of the save, ${by}`,
    { retry: 2 },
    async () => {
      const registry = await openRegistry()
      const others = [watch(), watch()]
      await eventually(() => Promise.resolve(others.every((seen) => seen.length > 0)))
      const savedAtMs = new Map<string, number>()
      for (let change = 1; change <= changes; change += 1) {
        const costNotes = `change ${change}`
        await registry.save(
          { ...request, tenantId: null, modes: ['lab'], backendType, config, costNotes },
          'user:test',
        )
        savedAtMs.set(costNotes, Date.now())
        const known = (seen: readonly Seen[]): boolean =>
          seen.some((one) => one.costNotes === costNotes)
        await eventually(() => Promise.resolve(others.every(known)))
      }
      const delaysMs = others.flatMap((seen) =>
        seen.flatMap(({ costNotes, atMs }) => {
          const savedAt = savedAtMs.get(costNotes ?? '')
          return savedAt === undefined ? [] : [atMs - savedAt]
        }),
      )
      await registry.stop()
      expect(delaysMs.length).toBeGreaterThanOrEqual(2 * changes)
      expect(Math.max(...delaysMs)).toBeLessThan(promisedMs)
    },
  )

  it('are all known to a process that starts after another one was killed', async () => {
    const registry = await openRegistry()
    const before = watch()
    await eventually(() => Promise.resolve(before.length > 0))
    for (const child of children) child.kill('SIGKILL')
    await registry.save(
      { ...request, tenantId: null, modes: ['lab'], backendType, config, costNotes: 'since then' },
      'user:test',
    )
    const after = watch()
    await eventually(() => Promise.resolve(after.length > 0))
    await registry.stop()
    expect(after[0]?.costNotes).toBe('since then')
  })
})
