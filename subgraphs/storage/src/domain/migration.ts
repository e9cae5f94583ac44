import type { TenantId } from '@heirloom/tenancy'
import type { BackendType, Route } from './route.js'

export interface RouteTarget {
  readonly backendType: BackendType
  /** As it may be shown: secrets redacted. */
  readonly config: Readonly<Record<string, string>>
}

export type MigrationPhase =
  | 'dual-write'
  | 'backfill'
  | 'verify'
  | 'ready'
  | 'cut-over'
  | 'rollback-window'
  | 'retire'
  | 'done'
  | 'mirrored'
  | 'roll-back'
  | 'undo'
  | 'rolled-back'

export interface MigrationProgress {
  readonly scanned: number
  readonly total: number | null
  readonly copied: number
  readonly compared: number
  readonly repaired: number
  readonly removed: number
  readonly recovered: number
}

export interface MigrationDifference {
  readonly tenant: TenantId
  readonly pk: string
  readonly sk: string
  readonly kind: 'missing' | 'stale' | 'extra' | 'refused'
  readonly isRepaired: boolean
  readonly reason: string | null
}

export interface MigrationOptions {
  readonly goal: 'move' | 'mirror'
  readonly strategy: 'dual-write' | 'read-replica'
  readonly autoCutOver: boolean
  readonly rollbackWindowMs: number | null
  readonly recordsPerSecond: number | null
  readonly pageSize: number
  readonly keepRecords: boolean
  readonly rationale: string | null
}

export interface RouteMigration {
  readonly id: string
  readonly routeId: string
  readonly resourceKind: string
  /** Null: any tenant. */
  readonly tenantId: TenantId | null
  readonly source: RouteTarget
  readonly target: RouteTarget
  readonly options: MigrationOptions
  readonly phase: MigrationPhase
  readonly isPaused: boolean
  readonly startedAt: string
  readonly startedBy: string
  readonly phaseStartedAt: string
  readonly finishedAt: string | null
  readonly progress: MigrationProgress
  readonly differences: readonly MigrationDifference[]
  readonly error: MigrationError | null
  readonly history: readonly MigrationEvent[]
}

export interface MigrationError {
  readonly code: string
  readonly message: string
  readonly at: string
}

/** A phase that was begun. */
export interface MigrationEvent {
  readonly phase: MigrationPhase
  readonly at: string
  readonly by: string
}

export interface NewTarget {
  readonly backendType: BackendType
  readonly config: unknown
}

export interface ProvisionReport {
  readonly done: readonly string[]
  readonly found: readonly string[]
  readonly refused: readonly {
    readonly step: string
    readonly reason: string
    readonly command: string | null
  }[]
}

/** What moves data between backends. Whoever calls this was asked whether they may. */
export interface RouteMigrations {
  /** @throws AppError NOT_FOUND, INVALID_INPUT, CONFLICT, BACKEND_FORBIDDEN, BACKEND_UNAVAILABLE */
  start(
    routeId: string,
    target: NewTarget,
    options: Partial<MigrationOptions>,
    by: string,
  ): Promise<RouteMigration>
  /** Each: @throws AppError NOT_FOUND, CONFLICT when the phase does not allow it */
  stop(id: string, by: string): Promise<RouteMigration>
  resume(id: string, by: string): Promise<RouteMigration>
  cutOver(id: string, by: string): Promise<RouteMigration>
  rollBack(id: string, by: string, options: LeavingOptions): Promise<RouteMigration>
  retire(id: string, by: string, options: LeavingOptions): Promise<RouteMigration>
  find(id: string): Promise<RouteMigration | null>
  active(): Promise<readonly RouteMigration[]>
  finished(limit: number): Promise<readonly RouteMigration[]>
  /** Of the backends of a route, or of another one. @throws AppError NOT_FOUND, INVALID_INPUT */
  provision(route: Route, target: NewTarget | null): Promise<ProvisionReport>
}

export interface LeavingOptions {
  readonly keepRecords: boolean | null
}
