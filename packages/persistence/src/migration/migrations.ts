import { AppError } from '@heirloom/errors'
import type { TenantId } from '@heirloom/tenancy'
import type { BackendPool } from '../backends.js'
import { layoutsByKind } from '../layouts/by-kind.js'
import { checkRoute } from '../routing/new-route.js'
import { sameTarget, type BackendTarget } from '../routing/placement.js'
import type { RoutingRegistry } from '../routing/registry.js'
import { orderedKinds, registryKind, type Route } from '../routing/route.js'
import { reservedPartitions } from '../strategies/intents.js'
import {
  defaultOptions,
  finalPhases,
  inPhase,
  noProgress,
  type Migration,
  type MigrationOptions,
  type Phase,
} from './migration.js'
import { createMigrationRecords, type StoredMigration } from './migration-records.js'
import { place, Superseded } from './placing.js'

export interface NewTarget {
  readonly backendType: BackendTarget['backendType']
  readonly config: unknown
}

/** What an operator does with migrations. A runner does the work (runner.ts). */
export interface Migrations {
  /**
   * Begins to move the data of a route. From now on writes go to both backends.
   * @throws AppError NOT_FOUND; INVALID_INPUT, BACKEND_FORBIDDEN or BACKEND_UNAVAILABLE for the
   *   target; CONFLICT when the route is being moved already, or both are the same place
   */
  start(
    routeId: string,
    target: NewTarget,
    options: Partial<MigrationOptions>,
    by: string,
  ): Promise<Migration>
  /** Nothing is copied any more until `resume`; writes still go to both. @throws AppError CONFLICT */
  stop(id: string, by: string): Promise<Migration>
  /** Also after a failure that needed somebody. */
  resume(id: string, by: string): Promise<Migration>
  /** From `ready`, or from `mirrored`: then the mirror becomes the move. @throws AppError CONFLICT */
  cutOver(id: string, by: string): Promise<Migration>
  /** Back to the source, from any phase before `retire`. @throws AppError CONFLICT */
  rollBack(id: string, by: string, options?: LeavingOptions): Promise<Migration>
  /** Ends the rollback window. @throws AppError CONFLICT */
  retire(id: string, by: string, options?: LeavingOptions): Promise<Migration>
  /** Null when there is none. Secrets are redacted here and below. */
  find(id: string): Promise<Migration | null>
  /** Those that go on, oldest first. */
  active(): Promise<readonly Migration[]>
  /** Those that are over, newest first. */
  finished(limit: number): Promise<readonly Migration[]>
}

export interface LeavingOptions {
  /** Overrides what the migration was begun with: a backend that is gone cannot be emptied. */
  readonly keepRecords?: boolean | null
}

export interface MigrationsOptions {
  readonly registry: RoutingRegistry
  readonly backends: BackendPool
  readonly newId: () => string
  readonly now?: () => number
}

const maxAttempts = 10

const beforeCutOver: readonly Phase[] = ['dual-write', 'backfill', 'verify', 'ready', 'mirrored']

export function createMigrations(dependencies: MigrationsOptions): Migrations {
  const { registry, backends, newId, now = Date.now } = dependencies

  const records = (): ReturnType<typeof createMigrationRecords> =>
    createMigrationRecords(registry.table())

  function shown(migration: Migration): Migration {
    const redacted = ({ backendType, config }: BackendTarget): BackendTarget => ({
      backendType,
      config: backends.redact(backendType, config),
    })
    return {
      ...migration,
      source: redacted(migration.source),
      target: redacted(migration.target),
    }
  }

  /** Changes the migration as it is, again when it changed meanwhile. */
  async function change(id: string, make: (migration: Migration) => Migration): Promise<Migration> {
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const stored = await current(id)
      const saved = await records().save(make(stored.migration), stored.version)
      if (saved !== null) return shown(saved.migration)
    }
    throw new AppError('CONFLICT', 'the migration changes all the time; try again')
  }

  async function current(id: string): Promise<StoredMigration> {
    const stored = await records().find(id)
    if (stored === null) throw new AppError('NOT_FOUND', 'there is no such migration')
    if (finalPhases.includes(stored.migration.phase)) {
      throw new AppError('CONFLICT', 'the migration is over')
    }
    return stored
  }

  function leaving(migration: Migration, { keepRecords }: LeavingOptions): Migration {
    const { options } = migration
    return {
      ...migration,
      options: { ...options, keepRecords: keepRecords ?? options.keepRecords },
    }
  }

  return {
    start: async (routeId, target, options, by) => {
      await registry.confirm()
      const route = registry.list().find(({ id }) => id === routeId)
      if (route === undefined) throw new AppError('NOT_FOUND', 'there is no such route')
      const checked = checkTarget(route, target, registry, backends)
      const chosen = checkOptions(route, options)
      const id = newId()
      await refuseSamePlace(backends, route, checked, registry.tenantId, id)
      const migration = begin(id, route, checked, chosen, new Date(now()), by)
      try {
        await place(
          { registry, records: records(), backends, newId, now },
          by,
          migration,
          null,
          (fresh, routes) => {
            if (fresh.placement.migrationId !== null) throw alreadyMoving(fresh)
            if (!sameTarget(fresh, route)) throw new AppError('CONFLICT', 'the route was changed')
            refuseMixing(fresh, checked, routes)
            return {
              placement: {
                strategy: 'dual-write',
                shadow: checked,
                shadowReady: false,
                migrationId: id,
              },
            }
          },
        )
      } catch (error) {
        if (error instanceof Superseded) throw new AppError('CONFLICT', 'try again')
        throw error
      }
      return shown(migration)
    },
    stop: (id) =>
      change(id, (migration) => {
        if (migration.phase === 'cut-over' || migration.phase === 'roll-back') {
          throw notNow(migration)
        }
        return { ...migration, isPaused: true, runner: null }
      }),
    resume: (id) =>
      change(id, (migration) => ({ ...migration, isPaused: false, error: null, runner: null })),
    cutOver: (id, by) =>
      change(id, (migration) => {
        if (migration.phase === 'ready') return inPhase(migration, 'cut-over', new Date(now()), by)
        if (migration.phase !== 'mirrored') throw notNow(migration)
        const options = { ...migration.options, goal: 'move', autoCutOver: true } as const
        return { ...inPhase(migration, 'verify', new Date(now()), by), options }
      }),
    rollBack: (id, by, options = {}) =>
      change(id, (found) => {
        const migration = leaving(found, options)
        const at = new Date(now())
        if (beforeCutOver.includes(migration.phase)) return inPhase(migration, 'undo', at, by)
        // It is paused only while writes are open, and so before the target became the primary.
        const gaveUp = migration.phase === 'cut-over' && migration.isPaused
        if (gaveUp) return inPhase(migration, 'undo', at, by)
        if (migration.phase !== 'rollback-window') throw notNow(migration)
        return inPhase(migration, 'roll-back', at, by)
      }),
    retire: (id, by, options = {}) =>
      change(id, (found) => {
        const migration = leaving(found, options)
        // Once more, to end one that cannot empty what it leaves.
        if (migration.phase === 'retire') return { ...migration, isPaused: false, error: null }
        if (migration.phase !== 'rollback-window') throw notNow(migration)
        return inPhase(migration, 'retire', new Date(now()), by)
      }),
    find: async (id) => {
      const stored = await records().find(id)
      return stored === null ? null : shown(stored.migration)
    },
    active: async () => (await records().active()).map(({ migration }) => shown(migration)),
    finished: async (limit) => (await records().finished(limit)).map(shown),
  }
}

function notNow({ phase }: Migration): AppError {
  return new AppError('CONFLICT', `that cannot be done in the phase ${phase}`, {
    details: { phase },
  })
}

function alreadyMoving({ placement }: Route): AppError {
  return new AppError('CONFLICT', 'the data of this route is being moved already', {
    details: { migration_id: placement.migrationId },
  })
}

function checkTarget(
  route: Route,
  target: NewTarget,
  registry: RoutingRegistry,
  backends: BackendPool,
): BackendTarget {
  if (route.resourceKind === registryKind) {
    throw new AppError('INVALID_INPUT', 'the registry itself moves by its bootstrap file')
  }
  if (route.env !== registry.env) {
    throw new AppError('INVALID_INPUT', `the route is for "${route.env}": move it there`)
  }
  if (layoutsByKind[route.resourceKind] === undefined) {
    throw new AppError('INVALID_INPUT', `the keys of ${route.resourceKind} are not declared`)
  }
  const { target: checked } = checkRoute({ ...route, ...target }, registry.env, backends)
  const { backendType, config } = checked
  if (sameTarget(route, { backendType, config })) {
    throw new AppError('INVALID_INPUT', 'the data lies there already')
  }
  return { backendType, config }
}

const maxPageSize = 1_000
const maxRecordsPerSecond = 1_000_000

function checkOptions(route: Route, options: Partial<MigrationOptions>): MigrationOptions {
  const chosen = { ...defaultOptions, ...options }
  const { pageSize, recordsPerSecond, rollbackWindowMs } = chosen
  if (!isWithin(pageSize, 1, maxPageSize)) {
    throw new AppError('INVALID_INPUT', `a page has 1 to ${maxPageSize} records`)
  }
  if (recordsPerSecond !== null && !isWithin(recordsPerSecond, 1, maxRecordsPerSecond)) {
    throw new AppError('INVALID_INPUT', 'records per second must be a whole number from 1')
  }
  if (rollbackWindowMs !== null && !isWithin(rollbackWindowMs, 0, Number.MAX_SAFE_INTEGER)) {
    throw new AppError('INVALID_INPUT', 'the rollback window is no length of time')
  }
  const readsReplica = chosen.goal === 'mirror' && chosen.strategy === 'read-replica'
  if (readsReplica && orderedKinds.includes(route.resourceKind)) {
    throw new AppError(
      'INVALID_INPUT',
      `${route.resourceKind} is read in order, which a replica does not promise`,
    )
  }
  return chosen
}

function isWithin(value: number, min: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= min && value <= max
}

/**
 * Two configs may lead to one place: two names of one connection. Then copying would change nothing,
 * and leaving the old place would empty the new one. What is written to one must not show in the
 * other.
 */
async function refuseSamePlace(
  backends: BackendPool,
  route: Route,
  target: BackendTarget,
  systemTenant: TenantId,
  id: string,
): Promise<void> {
  const tenant = route.tenantId ?? systemTenant
  const pk = `${reservedPartitions}probe`
  const [from, to] = [route, target].map(({ backendType, config }) =>
    backends.open(backendType, config).records.for(tenant),
  )
  if (from === undefined || to === undefined) return
  await to.put(pk, id, {})
  const found = await from.get(pk, id)
  await to.delete(pk, id)
  if (found === null) return
  throw new AppError('CONFLICT', 'both configs lead to the same place')
}

/**
 * Where the keys of a kind do not spell out what two routes choose by, their data may share keys. On
 * one backend it would be one.
 */
function refuseMixing(route: Route, target: BackendTarget, routes: readonly Route[]): void {
  const patterns = Object.values(layoutsByKind[route.resourceKind]?.records ?? {})
  const isSpelled = (name: string): boolean =>
    patterns.every(({ pk, sk }) => `${pk}#${sk}`.includes(`{${name}`))
  for (const other of routes) {
    if (other.id === route.id || other.resourceKind !== route.resourceKind) continue
    if (other.env !== route.env || !sameTarget(other, target)) continue
    const oneTenant =
      other.tenantId === route.tenantId || other.tenantId === null || route.tenantId === null
    const told =
      (isSpelled('project_id') || other.projectId === route.projectId) &&
      (isSpelled('surface_id') || other.surfaceId === route.surfaceId) &&
      (isSpelled('mode') || other.modes.join() === route.modes.join())
    // A route for any tenant and one for this tenant are told apart by the tenant.
    const sameOwner = other.tenantId === route.tenantId
    if (!oneTenant || told || !sameOwner) continue
    throw new AppError(
      'CONFLICT',
      'another route has records there that could not be told from those of this one',
      { details: { route_id: other.id } },
    )
  }
}

function begin(
  id: string,
  route: Route,
  target: BackendTarget,
  options: MigrationOptions,
  at: Date,
  by: string,
): Migration {
  const startedAt = at.toISOString()
  return {
    id,
    routeId: route.id,
    resourceKind: route.resourceKind,
    tenantId: route.tenantId,
    source: { backendType: route.backendType, config: route.config },
    target,
    options,
    phase: 'dual-write',
    isPaused: false,
    startedAt,
    startedBy: by,
    phaseStartedAt: startedAt,
    finishedAt: null,
    progress: noProgress,
    step: 0,
    repairedBefore: 0,
    refused: 0,
    checkpoint: null,
    differences: [],
    error: null,
    runner: null,
    history: [{ phase: 'dual-write', at: startedAt, by }],
  }
}
