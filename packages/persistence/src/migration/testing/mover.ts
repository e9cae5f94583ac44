import { AppError } from '@heirloom/errors'
import { createIds } from '@heirloom/tenancy'
import { createBackendPool, createBackends, type BackendEnvironment } from '../../backends.js'
import type { BackendPool } from '../../backends.js'
import type { Backend } from '../../backends/backend.js'
import { parseBootstrap } from '../../routing/bootstrap.js'
import type { LeaseTimes } from '../../routing/lease.js'
import { createRoutingRegistry, type RoutingRegistry } from '../../routing/registry.js'
import type { BackendSwitch } from '../../routing/registry-store.js'
import { createRoutedRecords, type RoutedRecords } from '../../routing/routed-records.js'
import { createMigrations, type Migrations } from '../migrations.js'
import type { DualWriteTiming } from '../../strategies/dual-write.js'
import { withChaos, type Chaos } from './chaos.js'
import { createRandom } from './random.js'
import { createMigrationRunner, type MigrationRunner, type RunnerTiming } from '../runner.js'

/** How long things take; the same in every process of a test. */
export interface Pace {
  readonly leases: LeaseTimes
  readonly timing: Partial<RunnerTiming>
  readonly dualWrite: DualWriteTiming
  /** Of the routes. */
  readonly pollIntervalMs: number
}

/** Short, so that a test sees many migrations. */
export const testLeases: LeaseTimes = { settledMs: 600, movingMs: 300 }
export const testTiming: Partial<RunnerTiming> = {
  beatMs: 100,
  takeoverMs: 1_000,
  pollMs: 100,
  tendMs: 100,
  intentGraceMs: 3_000,
  firstRetryMs: 50,
  maxRetryMs: 500,
}
export const testDualWrite = { shadowTimeoutMs: 500, intentLifeMs: 1_000 }
export const quickPace: Pace = {
  leases: testLeases,
  timing: testTiming,
  dualWrite: testDualWrite,
  pollIntervalMs: 100,
}
/**
 * For a machine that is busy with so many processes that the short ones are missed all the time, and
 * so that every phase lasts longer than it takes to strike in it.
 */
export const steadyPace: Pace = {
  leases: { settledMs: 4_000, movingMs: 1_500 },
  timing: {
    ...testTiming,
    beatMs: 400,
    takeoverMs: 2_500,
    pollMs: 500,
    tendMs: 1_000,
    intentGraceMs: 6_000,
  },
  dualWrite: { shadowTimeoutMs: 1_000, intentLifeMs: 2_000 },
  pollIntervalMs: 250,
}

/** A process of the storage subgraph, as far as moving data goes. */
export interface Mover {
  readonly registry: RoutingRegistry
  readonly backends: BackendPool
  readonly records: RoutedRecords
  readonly migrations: Migrations
  readonly runner: MigrationRunner
  readonly announced: readonly BackendSwitch[]
  readonly errors: readonly unknown[]
  start(): Promise<void>
  stop(): Promise<void>
}

export interface MoverOptions {
  readonly bootstrap: string
  /** Whether this process works on migrations. */
  readonly runs: boolean
  readonly pace?: Pace
  readonly chaos?: { readonly rates: Chaos; readonly seed: number } | null
  /** What a test makes of the backends. */
  readonly change?: (backends: readonly Backend[]) => readonly Backend[]
}

/** Secrets of rigs are never real. */
const secrets = (name: string): Promise<string> => Promise.resolve(`fake-${name}`)

export function createMover(
  environment: BackendEnvironment,
  { bootstrap, runs, pace = quickPace, chaos = null, change = (all) => all }: MoverOptions,
): Mover {
  const all = change(createBackends({ secrets, ...environment }))
  const backends = createBackendPool(
    chaos === null ? all : withChaos(all, chaos.rates, createRandom(chaos.seed)),
  )
  const announced: BackendSwitch[] = []
  const errors: unknown[] = []
  const newId = createIds()
  const registry = createRoutingRegistry({
    bootstrap: parseBootstrap(bootstrap),
    backends,
    env: 'test',
    newId,
    pollIntervalMs: pace.pollIntervalMs,
    leases: pace.leases,
    announce: async (change) => void announced.push(change),
    onError: (error) => errors.push(error),
  })
  const runner = createMigrationRunner({
    registry,
    backends,
    newId,
    timing: pace.timing,
    onError: (error) => errors.push(error),
  })
  return {
    registry,
    backends,
    records: createRoutedRecords(registry, backends, {
      timing: pace.dualWrite,
      shadowRestMs: 300,
      ...(environment.now === undefined ? {} : { now: environment.now }),
    }),
    migrations: createMigrations({ registry, backends, newId }),
    runner,
    announced,
    errors,
    start: async () => {
      await registry.start()
      if (runs) await runner.start()
    },
    stop: async () => {
      if (runs) await runner.stop()
      await registry.stop()
      await backends.close()
    },
  }
}

/** The route of a kind, which a test has one of. */
export function routeIdOf({ registry }: Pick<Mover, 'registry'>, kind: string): string {
  const route = registry.list().find(({ resourceKind }) => resourceKind === kind)
  if (route === undefined) throw new AppError('NOT_FOUND', `no route for ${kind}`)
  return route.id
}
