/**
 * A migration in the hands of one runner. The claim is a field of the migration's record: each beat
 * writes the record anew, so whoever sees it unchanged for `takeoverMs` of its own steady clock takes
 * it over, on condition of the version it saw. No two clocks are compared.
 *
 * Invariants: everything that a runner says of a migration is written on condition of the version
 * that it wrote last, so a runner that was replaced says nothing any more. A runner whose beats do
 * not get through stops before another one may begin. Two runners at once (one that slept, and wakes
 * up with a call in its hand) still do no harm to any record: every copy is conditional, and made only
 * while its direction stands (strategies/copy-record.ts), and so is every removal (remove.ts). One
 * runner is for speed, and so that the waits of a cut-over are kept.
 */
import { setMaxListeners } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Route } from '../routing/route.js'
import {
  inPhase,
  listed,
  type Difference,
  type Migration,
  type Phase,
  type Progress,
} from './migration.js'
import type { StoredMigration } from './migration-records.js'
import { place, Superseded, type NewPlacement, type PlacingContext } from './placing.js'

export interface JobTiming {
  readonly beatMs: number
  readonly takeoverMs: number
}

export interface Job {
  readonly migration: Migration
  /** Aborted when the job is taken away, or the runner stops. */
  readonly signal: AbortSignal
  /** Written with the next beat at the latest. */
  update(change: (migration: Migration) => Migration): void
  report(progress: Partial<Progress>, differences?: readonly Difference[]): void
  /** At once. @throws Superseded */
  save(): Promise<void>
  enter(phase: Phase): Promise<void>
  /** Places the route, and enters the phase (or stays in this one). @throws Superseded */
  place(phase: Phase | null, make: (route: Route) => NewPlacement): Promise<Route>
  /** Beats until it ends. */
  keepAlive(): Promise<void>
  end(reason?: unknown): void
}

export const runnerActor = 'system:migration'
const aliveShare = 0.6

export function createJob(
  context: PlacingContext & { readonly steadyNow: () => number },
  timing: JobTiming,
  claimed: StoredMigration,
  stopping: AbortSignal,
): Job {
  const { records } = context
  const ended = new AbortController()
  const signal = AbortSignal.any([ended.signal, stopping])
  // As many wait on it as records are copied at once.
  setMaxListeners(0, signal)
  let migration = claimed.migration
  let version = claimed.version
  let savedAt = context.steadyNow()
  let queue: Promise<unknown> = Promise.resolve()

  /** One write after the other, each on condition of the one before. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = queue.then(work)
    queue = mine.catch(() => undefined)
    return mine
  }

  function end(reason: unknown = new Superseded()): void {
    if (!ended.signal.aborted) ended.abort(reason)
  }

  async function saveNow(): Promise<void> {
    signal.throwIfAborted()
    const begunAt = context.steadyNow()
    const { runner } = migration
    if (runner !== null) migration = { ...migration, runner: { ...runner, beat: runner.beat + 1 } }
    const saved = await records.save(migration, version)
    if (saved === null) {
      end()
      throw new Superseded()
    }
    version = saved.version
    savedAt = begunAt
  }

  async function placeNow(
    phase: Phase | null,
    make: (route: Route) => NewPlacement,
  ): Promise<Route> {
    signal.throwIfAborted()
    const begunAt = context.steadyNow()
    const next =
      phase === null ? migration : inPhase(migration, phase, new Date(context.now()), runnerActor)
    try {
      const route = await place(context, runnerActor, next, version, make)
      const stored = await records.find(next.id)
      // Somebody may have changed it between the two: then it is no longer what this job knows.
      if (stored === null || !isDeepStrictEqual(stored.migration, next)) throw new Superseded()
      migration = next
      version = stored.version
      savedAt = begunAt
      return route
    } catch (error) {
      // Whether it was written is not always known: whoever claims it next looks.
      end(error)
      throw error
    }
  }

  async function keepAlive(): Promise<void> {
    while (!signal.aborted) {
      await delay(timing.beatMs, undefined, { signal }).catch(() => undefined)
      if (signal.aborted) return
      // A beat that fails is tried again, as long as nobody else may think that this runner is gone.
      await inTurn(saveNow).catch(() => undefined)
      const silentMs = context.steadyNow() - savedAt
      if (silentMs > timing.takeoverMs * aliveShare) end()
    }
  }

  return {
    get migration() {
      return migration
    },
    signal,
    update: (change) => {
      migration = change(migration)
    },
    report: (progress, differences = []) => {
      migration = {
        ...migration,
        progress: { ...migration.progress, ...progress },
        differences: listed([...migration.differences, ...differences]),
      }
    },
    save: () => inTurn(saveNow),
    enter: (phase) =>
      inTurn(async () => {
        migration = inPhase(migration, phase, new Date(context.now()), runnerActor)
        await saveNow()
      }),
    place: (phase, make) => inTurn(() => placeNow(phase, make)),
    keepAlive,
    end,
  }
}
