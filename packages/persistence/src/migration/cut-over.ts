/**
 * The shadow becomes the primary, and no acknowledged write is lost, nor seen and then not.
 *
 *   placement          who reads           who writes                      what is waited for
 *   1 open, old        old primary         old primary, then shadow
 *   2 held, old        old primary         nobody begins                   a lease: then nobody is
 *                                                                          still acknowledged
 *     …                                                                    every intent is worked off
 *   3 held, new        new primary         nobody                          a lease: then nobody still
 *                                                                          reads the old one
 *   4 open, new        new primary         new primary, then old one
 *
 * Invariants:
 *   1. A write that is acknowledged was on the old primary before the wait of 2 was over (the routed
 *      table sees to that), with its intent noted before it; so it is on the shadow when the intents
 *      are worked off, or the shadow was given it before.
 *   2. While 3 begins both backends say the same of every key, and nobody writes: it makes no
 *      difference which one a process reads. When 4 begins, all read the new one.
 *   3. A copy in the old direction whose process slept until after 4 is not made (`stands`), or fails.
 *   4. Each row is one write of the route. A runner that dies leaves one of the four, and the next one
 *      goes on from there, beginning with the whole wait of that row.
 * When the intents cannot be worked off in time, row 1 is put back: nothing has happened then.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@heirloom/errors'
import { waitFor } from '../routing/lease.js'
import { sameTarget, type BackendTarget } from '../routing/placement.js'
import type { Job } from './job.js'
import type { Phase } from './migration.js'
import { currentSides, routeOf, type PhaseContext } from './phases.js'
import { catchUp, workOffAll } from './tend.js'

export interface CutOverTiming {
  /** For the intents, while writes are held. */
  readonly drainLimitMs: number
}

export async function cutOver(
  context: PhaseContext,
  job: Job,
  to: BackendTarget,
  next: Phase,
  timing: CutOverTiming,
): Promise<void> {
  const leaseMs = waitFor(context.registry.leases.movingMs)
  const { options } = job.migration
  let route = routeOf(context, job.migration)

  if (!sameTarget(route, to)) {
    if (route.placement.writes === 'open') {
      // Both must answer before anybody is held up.
      const { primary, shadow } = currentSides(context, job.migration)
      await Promise.all([primary.ping(), shadow.ping()])
      await refuseLag(context, job)
      route = await job.place(null, () => ({ placement: { writes: 'held' } }))
    }
    try {
      await delay(leaseMs, undefined, { signal: job.signal })
      const limit = AbortSignal.any([job.signal, AbortSignal.timeout(timing.drainLimitMs)])
      const recovered = await workOffAll(currentSides(context, job.migration), limit)
      job.report({ recovered: job.migration.progress.recovered + recovered })
    } catch (error) {
      if (!job.signal.aborted) await job.place(null, () => ({ placement: { writes: 'open' } }))
      if (!(error instanceof Error && error.name === 'TimeoutError')) throw error
      throw new AppError('TIMEOUT', 'the shadow did not catch up while writes were held', {
        cause: error,
      })
    }
    const from: BackendTarget = { backendType: route.backendType, config: route.config }
    route = await job.place(null, () => ({
      primary: to,
      rationale: options.rationale,
      placement: {
        strategy: 'dual-write',
        shadow: from,
        shadowReady: true,
        tombstones: true,
        writes: 'held',
      },
    }))
  }
  if (route.placement.writes === 'held') {
    await delay(leaseMs, undefined, { signal: job.signal })
    await job.place(next, () => ({ placement: { writes: 'open' } }))
  } else {
    await job.enter(next)
  }
}

/** More than this would not be worked off while writers wait. */
const maxBacklog = 300

async function refuseLag(context: PhaseContext, job: Job): Promise<void> {
  const sides = currentSides(context, job.migration)
  const { left, done } = await catchUp(sides, maxBacklog, job.signal)
  job.report({ recovered: job.migration.progress.recovered + done })
  if (left <= maxBacklog) return
  throw new AppError('BACKEND_UNAVAILABLE', `the shadow lags behind by ${left} writes or more`)
}
