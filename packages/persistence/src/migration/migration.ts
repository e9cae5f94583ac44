import type { TenantId } from '@heirloom/tenancy'
import type { BackendTarget, Strategy } from '../routing/placement.js'

/**
 * dual-write       the shadow gets what is written from now on; waits until every process knows
 * backfill         the shadow gets what was there before
 * verify           every record of both is compared
 * ready            waits to be told to cut over
 * cut-over         writes are held, what is under way is worked off, the shadow becomes the primary
 * rollback-window  the old primary is the shadow, so that there is a way back
 * retire           the old primary is left, and emptied
 * done
 * mirrored         a shadow that stays (dual-write or read-replica as a lasting strategy)
 * roll-back        every record of both is compared, then the old primary becomes the primary again
 * undo             the shadow is left, and emptied
 * rolled-back
 */
export const phases = [
  'dual-write',
  'backfill',
  'verify',
  'ready',
  'cut-over',
  'rollback-window',
  'retire',
  'done',
  'mirrored',
  'roll-back',
  'undo',
  'rolled-back',
] as const
export type Phase = (typeof phases)[number]

export const finalPhases: readonly Phase[] = ['done', 'rolled-back']

export interface MigrationOptions {
  /** move: the shadow becomes the only backend in the end. mirror: it stays the shadow. */
  readonly goal: 'move' | 'mirror'
  /** Of a mirror. */
  readonly strategy: Exclude<Strategy, 'single'>
  /** Cut over as soon as all is compared, or wait to be told. */
  readonly autoCutOver: boolean
  /** Retire so long after the cut-over; null: wait to be told. */
  readonly rollbackWindowMs: number | null
  /** Records per second that backfill and verify read; null: as many as the backends give. */
  readonly recordsPerSecond: number | null
  /** Records per page; a killed runner repeats one page at most. */
  readonly pageSize: number
  /** Leave the records on the backend that is left in the end; otherwise they are removed there. */
  readonly keepRecords: boolean
  readonly rationale: string | null
}

export interface Progress {
  /** Records read in this phase. */
  readonly scanned: number
  /** Records of the source, known once it was read to its end. */
  readonly total: number | null
  readonly copied: number
  readonly compared: number
  /** That differed, and were put right. */
  readonly repaired: number
  readonly removed: number
  /** Intents that were worked off for writers that did not. */
  readonly recovered: number
}

export interface Difference {
  readonly tenant: TenantId
  readonly pk: string
  readonly sk: string
  readonly kind: 'missing' | 'stale' | 'extra' | 'refused'
  readonly isRepaired: boolean
  /** Why the target refused it. */
  readonly reason: string | null
}

export interface Migration {
  readonly id: string
  readonly routeId: string
  readonly resourceKind: string
  /** Of the route. */
  readonly tenantId: TenantId | null
  readonly source: BackendTarget
  readonly target: BackendTarget
  readonly options: MigrationOptions
  readonly phase: Phase
  /** Somebody stopped it, or it failed in a way that needs somebody. */
  readonly isPaused: boolean
  readonly startedAt: string
  readonly startedBy: string
  readonly phaseStartedAt: string
  readonly finishedAt: string | null
  readonly progress: Progress
  /** Which part of the phase; even and odd ones of a comparison read one side and the other. */
  readonly step: number
  /** `progress.repaired` when the pass of a comparison began. */
  readonly repairedBefore: number
  /** Records that the target refused in this pass of a comparison: with one, nothing is cut over. */
  readonly refused: number
  /** Where the reading of this phase stands. */
  readonly checkpoint: string | null
  /** Some of them (`listed`); `progress` counts all. */
  readonly differences: readonly Difference[]
  readonly error: { readonly code: string; readonly message: string; readonly at: string } | null
  readonly runner: Claim | null
  readonly history: readonly { readonly phase: Phase; readonly at: string; readonly by: string }[]
}

/** Who works on it. Each beat changes the record, which is how others see that it goes on. */
export interface Claim {
  readonly id: string
  readonly beat: number
}

const maxDifferences = 100

/** What is not repaired is kept before what is, and the newest before the oldest. */
export function listed(differences: readonly Difference[]): readonly Difference[] {
  const newest = [...new Map(differences.map((one) => [keyOf(one), one])).values()].toReversed()
  const open = newest.filter(({ isRepaired }) => !isRepaired)
  const repaired = newest.filter(({ isRepaired }) => isRepaired)
  return [...open, ...repaired].slice(0, maxDifferences).toReversed()
}

function keyOf({ tenant, pk, sk, isRepaired }: Difference): string {
  return JSON.stringify([tenant, pk, sk, isRepaired])
}

export const noProgress: Progress = {
  scanned: 0,
  total: null,
  copied: 0,
  compared: 0,
  repaired: 0,
  removed: 0,
  recovered: 0,
}

export const defaultOptions: MigrationOptions = {
  goal: 'move',
  strategy: 'dual-write',
  autoCutOver: true,
  rollbackWindowMs: null,
  recordsPerSecond: null,
  pageSize: 200,
  keepRecords: false,
  rationale: null,
}

/** The same migration as it begins another phase. */
export function inPhase(migration: Migration, phase: Phase, at: Date, by: string): Migration {
  const { total, recovered } = migration.progress
  return {
    ...migration,
    phase,
    phaseStartedAt: at.toISOString(),
    finishedAt: finalPhases.includes(phase) ? at.toISOString() : null,
    step: 0,
    repairedBefore: 0,
    refused: 0,
    checkpoint: null,
    error: null,
    isPaused: false,
    progress: { ...noProgress, total, recovered },
    history: [...migration.history, { phase, at: at.toISOString(), by }],
  }
}
