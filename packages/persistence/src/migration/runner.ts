/**
 * Runs the migrations of this environment. Every process may have a runner; each migration is worked
 * on by one of them (job.ts), and taken over by another when that one is gone.
 *
 * Phases of the runner: look at the migrations that are not over, at every wake-up and at least every
 * `pollMs`; claim what nobody works on; work on it until its phase ends, it is stopped, or the claim
 * is lost; look again. A failure is told in the migration and tried again after a while that grows;
 * one that somebody must see to pauses the migration.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { toAppError } from '@heirloom/errors'
import type { BackendPool } from '../backends.js'
import { sameTarget } from '../routing/placement.js'
import type { RoutingRegistry } from '../routing/registry.js'
import { createPlacements, type Placements } from '../strategies/placed-table.js'
import { cutOver } from './cut-over.js'
import { createJob, type Job, type JobTiming } from './job.js'
import { finalPhases, type Migration } from './migration.js'
import {
  createMigrationRecords,
  type MigrationRecords,
  type StoredMigration,
} from './migration-records.js'
import {
  awaitDualWrite,
  backfill,
  compareAll,
  currentSides,
  leave,
  routeOf,
  type PhaseContext,
} from './phases.js'
import { Superseded } from './placing.js'
import { createTending } from './tend.js'

export interface MigrationRunner {
  readonly name: string
  /** As claims name it. */
  readonly id: string
  start(): Promise<void>
  /** Lets go of what it works on; somebody else goes on with it after `takeoverMs`. */
  stop(): Promise<void>
}

export interface RunnerTiming extends JobTiming {
  readonly pollMs: number
  /** How often intents are looked at, and standing phases. */
  readonly tendMs: number
  /** tend.ts */
  readonly intentGraceMs: number
  readonly drainLimitMs: number
  readonly firstRetryMs: number
  readonly maxRetryMs: number
  /** Failures one after the other, with nothing done in between, before the migration is paused. */
  readonly maxAttempts: number
}

export const defaultRunnerTiming: RunnerTiming = {
  beatMs: 1_000,
  takeoverMs: 5_000,
  pollMs: 1_000,
  tendMs: 2_000,
  intentGraceMs: 30_000,
  drainLimitMs: 8_000,
  firstRetryMs: 500,
  maxRetryMs: 30_000,
  maxAttempts: 12,
}

export interface MigrationRunnerOptions {
  readonly registry: RoutingRegistry
  readonly backends: BackendPool
  readonly newId: () => string
  readonly now?: () => number
  readonly steadyNow?: () => number
  readonly timing?: Partial<RunnerTiming>
  /** Told of failures that are tried again, and of migrations that were paused. */
  readonly onError: (error: unknown, migration: Migration | null) => void
}

interface Retry {
  readonly count: number
  readonly notBefore: number
  /** What was done by then: whoever gets on is not failing. */
  readonly done: string
}

interface Seen {
  readonly version: string
  readonly at: number
}

export function createMigrationRunner(options: MigrationRunnerOptions): MigrationRunner {
  const { registry, backends, newId, now = Date.now } = options
  const steadyNow = options.steadyNow ?? ((): number => performance.now())
  const timing = { ...defaultRunnerTiming, ...options.timing }
  const runnerId = newId()
  const stopping = new AbortController()
  const working = new Map<string, Promise<void>>()
  const seen = new Map<string, Seen>()
  const retries = new Map<string, Retry>()
  let looking: Promise<void> | undefined
  let records: MigrationRecords | undefined
  let placements: Placements | undefined

  function opened(): { records: MigrationRecords; context: PhaseContext } {
    records ??= createMigrationRecords(registry.table())
    placements ??= createPlacements({ backends, systemTenant: registry.tenantId, now, steadyNow })
    return { records, context: { registry, backends, placements, now } }
  }

  async function look(): Promise<void> {
    const active = await opened().records.active()
    const ids = new Set(active.map(({ migration }) => migration.id))
    for (const id of [...seen.keys(), ...retries.keys()]) {
      if (!ids.has(id)) {
        seen.delete(id)
        retries.delete(id)
      }
    }
    for (const stored of active) {
      if (working.has(stored.migration.id) || stored.migration.isPaused) continue
      if ((retries.get(stored.migration.id)?.notBefore ?? 0) > steadyNow()) continue
      if (!isFree(stored)) continue
      const claimed = await claim(stored)
      if (claimed === null) continue
      const { id } = claimed.migration
      working.set(
        id,
        workOn(claimed)
          .catch((error: unknown) => options.onError(error, claimed.migration))
          .finally(() => working.delete(id)),
      )
    }
  }

  /** Nobody works on it, or it was ours, or it did not change for so long. */
  function isFree({ migration, version }: StoredMigration): boolean {
    const { runner, id } = migration
    const known = seen.get(id)
    if (known?.version !== version) seen.set(id, { version, at: steadyNow() })
    if (runner === null || runner.id === runnerId) return true
    return known?.version === version && steadyNow() - known.at >= timing.takeoverMs
  }

  async function claim({ migration, version }: StoredMigration): Promise<StoredMigration | null> {
    const runner = { id: runnerId, beat: (migration.runner?.beat ?? 0) + 1 }
    return opened().records.save({ ...migration, runner }, version)
  }

  async function workOn(claimed: StoredMigration): Promise<void> {
    const { records: stored, context } = opened()
    const placing = { registry, records: stored, backends, newId, now, steadyNow }
    const job = createJob(placing, timing, claimed, stopping.signal)
    const alive = job.keepAlive()
    const tended = tend(context, job)
    try {
      while (!finalPhases.includes(job.migration.phase)) {
        await workPhase(context, job)
      }
    } catch (error) {
      await failed(context, job, error)
    } finally {
      job.end()
      await Promise.all([alive, tended])
    }
  }

  async function workPhase(context: PhaseContext, job: Job): Promise<void> {
    // The copy of the registry must be no older than the phase.
    await registry.confirm()
    const { migration } = job
    switch (migration.phase) {
      case 'dual-write':
        return awaitDualWrite(context, job)
      case 'backfill':
        return backfill(context, job)
      case 'verify':
        return compareAll(context, job, () => verified(job))
      case 'ready':
        if (migration.options.autoCutOver) return job.enter('cut-over')
        return standing(job, () => false)
      case 'cut-over':
        return cutOver(context, job, migration.target, 'rollback-window', timing)
      case 'rollback-window':
        await standing(job, () => isOver(migration))
        return job.enter('retire')
      case 'retire':
        return leave(context, job, 'done')
      case 'mirrored':
        return standing(job, () => false)
      case 'roll-back':
        return rollBack(context, job)
      case 'undo':
        return leave(context, job, 'rolled-back')
      case 'done':
      case 'rolled-back':
        return
    }
  }

  async function verified(job: Job): Promise<void> {
    const { goal, strategy } = job.migration.options
    if (goal === 'move') return job.enter('ready')
    await job.place('mirrored', () => ({ placement: { strategy, shadowReady: true } }))
  }

  async function rollBack(context: PhaseContext, job: Job): Promise<void> {
    const { source } = job.migration
    const back = (): Promise<void> => cutOver(context, job, source, 'undo', timing)
    const route = routeOf(context, job.migration)
    // Once writes were held the way back has begun, and nobody is to wait for a comparison.
    const hasBegun = sameTarget(route, source) || route.placement.writes === 'held'
    return hasBegun ? back() : compareAll(context, job, back)
  }

  function isOver({ options: { rollbackWindowMs }, phaseStartedAt }: Migration): boolean {
    return rollbackWindowMs !== null && now() - Date.parse(phaseStartedAt) >= rollbackWindowMs
  }

  /** Until it is over, or told otherwise: then saving a beat fails, and the job ends. */
  async function standing(job: Job, isDone: () => boolean): Promise<void> {
    while (!isDone()) await delay(timing.tendMs, undefined, { signal: job.signal })
  }

  async function tend(context: PhaseContext, job: Job): Promise<void> {
    const tending = createTending(timing.intentGraceMs, steadyNow)
    while (!job.signal.aborted) {
      try {
        await delay(timing.tendMs, undefined, { signal: job.signal })
        if (!isTended(job.migration)) continue
        const recovered = await tending.round(currentSides(context, job.migration), job.signal)
        if (recovered > 0) {
          job.report({ recovered: job.migration.progress.recovered + recovered })
        }
      } catch (error) {
        // The route was placed anew in the middle of a round: the next one sees it.
        if (error instanceof Superseded) continue
        if (!job.signal.aborted) options.onError(error, job.migration)
      }
    }
  }

  async function failed(context: PhaseContext, job: Job, error: unknown): Promise<void> {
    if (stopping.signal.aborted) return
    if (error instanceof Superseded || job.signal.reason instanceof Superseded) return
    const { migration } = job
    const { code, message, retryable } = toAppError(error)
    const before = retries.get(migration.id)
    const done = JSON.stringify([migration.phase, migration.step, migration.checkpoint])
    const count = before?.done === done ? before.count + 1 : 1
    const isHeld = routeOf(context, migration).placement.writes === 'held'
    const waitMs = timing.firstRetryMs * (isHeld ? 1 : 2 ** (count - 1))
    retries.set(migration.id, {
      count,
      done,
      notBefore: steadyNow() + Math.min(timing.maxRetryMs, waitMs),
    })
    options.onError(error, migration)
    if (job.signal.aborted) return
    const needsSomebody = (!retryable && code !== 'INTERNAL') || count >= timing.maxAttempts
    job.update((current) => ({
      ...current,
      // Never while writers wait.
      isPaused: needsSomebody && !isHeld,
      error: { code, message, at: new Date(now()).toISOString() },
    }))
    await job.save().catch(() => undefined)
  }

  async function follow(): Promise<void> {
    let wake: () => void = () => undefined
    const { signal } = stopping
    const unsubscribe = opened().records.onChange(() => wake())
    while (!signal.aborted) {
      await look().catch((error: unknown) => {
        if (!signal.aborted) options.onError(error, null)
      })
      const next = new AbortController()
      wake = () => next.abort()
      await delay(timing.pollMs, undefined, {
        signal: AbortSignal.any([signal, next.signal]),
      }).catch(() => undefined)
    }
    unsubscribe()
  }

  return {
    name: 'migrations',
    id: runnerId,
    start: () => {
      looking = follow()
      return Promise.resolve()
    },
    stop: async () => {
      stopping.abort()
      await looking
      await Promise.all(working.values())
    },
  }
}

function isTended({ phase }: Migration): boolean {
  return !(['cut-over', 'undo', 'retire', 'done', 'rolled-back'] as const).some(
    (one) => one === phase,
  )
}
