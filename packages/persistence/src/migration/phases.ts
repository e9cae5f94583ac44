/**
 * What is done in each phase. Each begins where its record says, whoever wrote that and however often
 * it was begun before; each ends by entering the next one. Between two writes of the record a phase
 * only does what may be done twice. What holds at the end of each, whoever died or slept in it:
 *
 *   dual-write   every process that may write writes to both: a settled lease has run out since the
 *                route said so.
 *   backfill     each key that the primary had when the phase began, the shadow has, as it was then
 *                or later, or its tombstone; or it is among the differences.
 *   verify       each key of either side was the same on both at some moment since the phase began,
 *                and each write since then has left its copy or an intent. Nothing is refused.
 *   cut-over     cut-over.ts
 *   retire, undo nobody writes to the other side any more; what was removed from it was surely this
 *                route's, and as it was read while the route was placed so.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@heirloom/errors'
import type { ScannedRecord } from '../ports/record-scan.js'
import { ageMs, waitFor } from '../routing/lease.js'
import { settled, type BackendTarget } from '../routing/placement.js'
import type { RoutingRegistry } from '../routing/registry.js'
import type { Route } from '../routing/route.js'
import { isTombstone } from '../strategies/tombstones.js'
import { again } from './again.js'
import { copyPage } from './backfill.js'
import { compareWithPrimary, compareWithShadow } from './compare.js'
import type { Job } from './job.js'
import type { Migration, Phase } from './migration.js'
import { ownershipOf, type Belonging } from './ownership.js'
import { Superseded } from './placing.js'
import { removeRecords } from './remove.js'
import { sideOf, sidesOf, type Side, type Sides, type SidesContext } from './sides.js'
import { dropAll } from './tend.js'
import { createThrottle } from './throttle.js'

export interface PhaseContext extends SidesContext {
  readonly registry: Pick<RoutingRegistry, 'list' | 'leases' | 'confirm' | 'viewOf'>
}

const maxPasses = 2

/** @throws AppError NOT_FOUND */
export function routeOf({ registry }: PhaseContext, { routeId }: Migration): Route {
  const route = registry.list().find(({ id }) => id === routeId)
  if (route !== undefined) return route
  throw new AppError('NOT_FOUND', 'the route of this migration is gone')
}

/** The backend that is not the primary of the route now. */
export function otherOf(route: Route, { source, target }: Migration): BackendTarget {
  const isSource = JSON.stringify(configOf(route)) === JSON.stringify(configOf(source))
  return isSource ? target : source
}

function configOf({ backendType, config }: BackendTarget): unknown {
  return [backendType, Object.entries(config).sort(([a], [b]) => (a < b ? -1 : 1))]
}

export function currentSides(context: PhaseContext, migration: Migration): Sides {
  const route = routeOf(context, migration)
  const stands = standingOf(context, route)
  return sidesOf(context, route, otherOf(route, migration), migration.id, stands)
}

const maxViews = 10

/** Whether the route is placed as it was then, as far as a lease can tell (routing/lease.ts). */
function standingOf({ registry }: PhaseContext, { id, placement }: Route): () => Promise<void> {
  return async () => {
    for (let attempt = 0; attempt < maxViews; attempt += 1) {
      const view = registry.viewOf(id)
      if (view?.route.placement.epoch !== placement.epoch) throw new Superseded()
      if (ageMs(view.confirmedAt) < registry.leases.movingMs) return
      await registry.confirm()
    }
    throw new AppError('TIMEOUT', 'the routes cannot be kept up with')
  }
}

/** Until every process writes to both: one that does not know yet would write past the shadow. */
export async function awaitDualWrite(context: PhaseContext, job: Job): Promise<void> {
  await delay(waitFor(context.registry.leases.settledMs), undefined, { signal: job.signal })
  await job.enter('backfill')
}

export async function backfill(context: PhaseContext, job: Job): Promise<void> {
  const sides = currentSides(context, job.migration)
  await eachPage(context, job, sides.primary, sides.stands, async (records) => {
    const { progress } = job.migration
    const own = records.filter(({ belonging }) => belonging !== 'not')
    const { copied, differences } = await copyPage(sides, own, job.signal)
    job.report({ copied: progress.copied + copied }, differences)
  })
  job.report({ total: job.migration.progress.scanned })
  await job.enter('verify')
}

/**
 * Reads the primary and then the shadow, both to their ends: one pass. Where a pass repaired
 * something there is another one, so that a fault that comes back is seen; what then still had to be
 * repaired was a write whose copy failed just now, and was compared again on the spot.
 */
export async function compareAll(
  context: PhaseContext,
  job: Job,
  next: (job: Job) => Promise<void>,
): Promise<void> {
  const sides = currentSides(context, job.migration)
  while (job.migration.step < 2 * maxPasses) {
    const { step, repairedBefore, checkpoint } = job.migration
    if (step % 2 === 0 && checkpoint === null) job.update(forgetRefused)
    await compareSide(context, job, sides, step % 2 === 0)
    const { repaired } = job.migration.progress
    const isPass = step % 2 === 1
    const isClean = isPass && repaired === repairedBefore
    job.update((migration) => ({
      ...migration,
      step: isClean ? 2 * maxPasses : step + 1,
      checkpoint: null,
      repairedBefore: isPass ? repaired : repairedBefore,
      progress: { ...migration.progress, scanned: isPass ? 0 : migration.progress.scanned },
    }))
    await job.save()
  }
  if (job.migration.refused > 0) {
    // Whoever resumes it has done something about them: then everything is compared anew.
    job.update((migration) => ({ ...migration, step: 0, checkpoint: null }))
    await job.save()
    throw new AppError('PRECONDITION_FAILED', 'the backends differ for good: see differences')
  }
  await next(job)
}

/** A pass finds all of them again. */
function forgetRefused(migration: Migration): Migration {
  const differences = migration.differences.filter(({ isRepaired }) => isRepaired)
  return { ...migration, refused: 0, differences }
}

async function compareSide(
  context: PhaseContext,
  job: Job,
  sides: Sides,
  ofPrimary: boolean,
): Promise<void> {
  const side = ofPrimary ? sides.primary : sides.shadow
  await eachPage(context, job, side, sides.stands, async (records) => {
    // What may be another route's is copied along, but never taken away.
    const own = records.filter(({ belonging }) =>
      ofPrimary ? belonging !== 'not' : belonging === 'surely',
    )
    const compare = ofPrimary ? compareWithShadow : compareWithPrimary
    const { compared, differences } = await compare(sides, own, job.signal)
    const { progress } = job.migration
    const repaired = differences.filter(({ isRepaired }) => isRepaired).length
    const refused = job.migration.refused + differences.length - repaired
    job.update((migration) => ({ ...migration, refused }))
    job.report(
      { compared: progress.compared + compared, repaired: progress.repaired + repaired },
      differences,
    )
  })
}

/** Steps of leaving a backend. */
const leaving = { wait: 0, sweep: 1, remove: 2, end: 3 } as const

/**
 * The primary alone is left: for `retire` the old one goes, for `undo` the one that was to come. Once
 * nobody writes to the other any more, tombstones are swept from the primary, and the other one is
 * emptied of what surely belongs to this route.
 */
export async function leave(context: PhaseContext, job: Job, last: Phase): Promise<void> {
  const { migration } = job
  const route = routeOf(context, migration)
  if (route.placement.strategy !== 'single') {
    await job.place(null, () => ({
      placement: { strategy: 'single', shadow: null, shadowReady: false, writes: 'open' },
    }))
  }
  const abandoned = sideOf(context, route.resourceKind, otherOf(route, migration))
  const primary = sideOf(context, route.resourceKind, route)
  const stands = standingOf(context, routeOf(context, migration))
  if (job.migration.step === leaving.wait) {
    await delay(waitFor(context.registry.leases.movingMs), undefined, { signal: job.signal })
    await nextStep(job)
  }
  if (job.migration.step === leaving.sweep) {
    if (route.placement.tombstones) await sweep(context, job, primary, stands)
    await nextStep(job)
  }
  if (job.migration.step === leaving.remove) {
    if (!migration.options.keepRecords) await empty(context, job, abandoned, stands)
    await nextStep(job)
  }
  for (const target of [route, abandoned.target]) {
    const intents = context.placements.intents(target, route, migration.id)
    // A backend that is left may be gone already: that must not keep the migration from ending.
    await dropAll({ intents }, job.signal).catch((error: unknown) => {
      if (target === route || job.signal.aborted) throw error
    })
  }
  const { home } = routeOf(context, migration).placement
  await job.place(last, () => ({ placement: { ...settled, home } }))
}

async function sweep(
  context: PhaseContext,
  job: Job,
  primary: Side,
  stands: Sides['stands'],
): Promise<void> {
  await eachPage(
    context,
    job,
    primary,
    stands,
    async (records) => {
      const gone = records.filter((record) => record.belonging !== 'not' && isTombstone(record))
      await removeRecords(primary, gone, job.signal)
    },
    true,
  )
}

async function empty(
  context: PhaseContext,
  job: Job,
  abandoned: Side,
  stands: Sides['stands'],
): Promise<void> {
  await eachPage(
    context,
    job,
    abandoned,
    stands,
    async (records) => {
      const own = records.filter(({ belonging }) => belonging === 'surely')
      const removed = await removeRecords(abandoned, own, job.signal)
      job.report({ removed: job.migration.progress.removed + removed })
    },
    true,
  )
}

async function nextStep(job: Job): Promise<void> {
  job.update((migration) => ({ ...migration, step: migration.step + 1, checkpoint: null }))
  await job.save()
}

interface JudgedRecord extends ScannedRecord {
  readonly belonging: Belonging
}

/** Every page from the checkpoint on; each is done before the checkpoint moves past it. */
async function eachPage(
  context: PhaseContext,
  job: Job,
  side: Side,
  stands: Sides['stands'],
  work: (records: readonly JudgedRecord[]) => Promise<void>,
  withTombstones = false,
): Promise<void> {
  const { options, tenantId } = job.migration
  const throttle = createThrottle(options.recordsPerSecond)
  let token = job.migration.checkpoint
  do {
    job.signal.throwIfAborted()
    const at = token
    const { page, records } = await again(job.signal, async () => {
      const ownership = ownershipOf(routeOf(context, job.migration), context.registry.list())
      const read = await side.scan({
        tenant: tenantId,
        prefixes: ownership.prefixes,
        limit: options.pageSize,
        ...(at === null ? {} : { token: at }),
      })
      await stands()
      const judged = read.records
        .filter((record) => withTombstones || !isTombstone(record))
        .map((record) => ({ ...record, belonging: ownership.belongs(record) }))
      return { page: read, records: judged }
    })
    await work(records)
    const own = records.filter(({ belonging }) => belonging !== 'not').length
    job.report({ scanned: job.migration.progress.scanned + own })
    token = page.next
    const checkpoint = token
    job.update((migration) => ({ ...migration, checkpoint }))
    await throttle.take(page.records.length, job.signal)
  } while (token !== null)
}
