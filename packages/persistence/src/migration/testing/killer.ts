/** Follows a migration, and kills who works on it at random points of each phase. */
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@heirloom/errors'
import { finalPhases, type Migration, type Phase } from '../migration.js'
import type { Mover } from './mover.js'
import type { Processes } from './processes.js'
import type { Random } from './random.js'

export interface Harm {
  /** Runners at work that are killed in each phase; a writer dies with every other one. */
  readonly kills: number
  /** Runners at work that are put to sleep in each phase, until another one has taken over. */
  readonly sleeps: number
  /** How much there is to read: the points of a phase that reads lie anywhere within. */
  readonly records: number
}

/** What happened in one phase. */
export interface PhaseReport {
  readonly phase: Phase
  readonly seconds: number
  readonly kills: number
  readonly sleeps: number
  readonly writersKilled: number
}

interface Point {
  readonly does: 'kill' | 'sleep'
  /** From 0 to 1. */
  readonly at: number
}

interface PhaseState {
  readonly phase: Phase
  readonly begunAt: number
  readonly points: Point[]
  kills: number
  sleeps: number
  writersKilled: number
}

export interface Killer {
  /** Resolves when the migration has reached one of `until`, and the points of that phase are over. */
  follow(id: string, harm: Harm, until: readonly Phase[]): Promise<Migration>
  /** Of all the migrations that were followed, phase by phase. */
  reports(): readonly PhaseReport[]
}

const reading: readonly Phase[] = ['backfill', 'verify', 'roll-back', 'retire', 'undo']
/** Shorter than the shortest phase that waits for leases. */
const maxWaitMs = 600
const progressMs = 5_000
const lookMs = 50

export function createKiller(
  mover: Mover,
  processes: Processes,
  writers: number,
  random: Random,
  tell: (what: string) => void,
): Killer {
  const reports: PhaseReport[] = []

  function pointsOf({ kills, sleeps }: Harm): Point[] {
    const points = (does: Point['does'], count: number): Point[] =>
      Array.from({ length: count }, () => ({ does, at: random() }))
    return [...points('kill', kills), ...points('sleep', sleeps)].toSorted((a, b) => a.at - b.at)
  }

  async function strike(runner: string, does: Point['does'], state: PhaseState): Promise<void> {
    const writer = `writer${random.below(writers)}`
    const alsoWriter = random() < 0.5
    if (does === 'sleep') {
      processes.sleep(runner)
      if (alsoWriter) processes.sleep(writer)
      state.sleeps += 1
      return
    }
    await Promise.all([
      processes.kill(runner),
      alsoWriter ? processes.kill(writer) : Promise.resolve(),
    ])
    state.kills += 1
    if (alsoWriter) state.writersKilled += 1
  }

  function end(state: PhaseState): void {
    const { phase, begunAt, kills, sleeps, writersKilled } = state
    const seconds = (performance.now() - begunAt) / 1_000
    reports.push({ phase, seconds, kills, sleeps, writersKilled })
    tell(`${phase}: ${seconds.toFixed(1)} s, ${kills} killed, ${sleeps} asleep`)
  }

  return {
    follow: async (id, harm, until) => {
      let state: PhaseState | undefined
      let migration = await found(mover, id)
      let toldAt = performance.now()
      const begin = (): PhaseState => ({
        phase: migration.phase,
        begunAt: performance.now(),
        points: finalPhases.includes(migration.phase) ? [] : pointsOf(harm),
        kills: 0,
        sleeps: 0,
        writersKilled: 0,
      })
      for (;;) {
        if (migration.isPaused) throw new Error(`paused: ${JSON.stringify(migration.error)}`)
        if (state !== undefined && state.phase !== migration.phase) end(state)
        if (state?.phase !== migration.phase) state = begin()
        const [next] = state.points
        if (next === undefined && until.includes(migration.phase)) {
          end(state)
          return migration
        }
        const runner = processes.runner(migration.runner?.id)
        if (performance.now() - toldAt > progressMs) {
          toldAt = performance.now()
          tell(progressOf(migration))
        }
        if (next !== undefined && runner !== undefined && isDue(migration, next, harm)) {
          if (!isReading(migration, harm)) {
            await delay(random() * maxWaitMs)
            const later = await found(mover, id)
            const isSame = later.phase === state.phase && later.runner?.id === migration.runner?.id
            migration = later
            if (!isSame) continue
          }
          state.points.shift()
          await strike(runner, next.does, state)
        }
        await delay(lookMs)
        migration = await found(mover, id)
      }
    },
    reports: () => reports,
  }
}

function progressOf({ phase, progress, error }: Migration): string {
  const { scanned, copied, compared, removed, repaired, recovered } = progress
  const counts = { scanned, copied, compared, removed, repaired, recovered }
  const said = Object.entries(counts).flatMap(([name, count]) =>
    count === 0 ? [] : [`${count} ${name}`],
  )
  return `  ${phase}: ${[...said, error?.message ?? ''].join(', ')}`
}

function isReading({ phase }: Migration, { records }: Harm): boolean {
  return records > 0 && reading.includes(phase)
}

function isDue(migration: Migration, point: Point, harm: Harm): boolean {
  return !isReading(migration, harm) || migration.progress.scanned >= point.at * harm.records
}

async function found(mover: Mover, id: string): Promise<Migration> {
  const migration = await mover.migrations.find(id)
  if (migration === null) throw new AppError('NOT_FOUND', 'the migration is gone')
  return migration
}
