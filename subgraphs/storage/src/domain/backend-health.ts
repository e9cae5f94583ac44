import type { BackendType } from './route.js'

/** A backend with one config, and the routes of the caller that lead there. */
export interface BackendUse {
  /** Made from the config; says nothing about it. */
  readonly id: string
  readonly backendType: BackendType
  /** As it may be shown: secrets redacted. */
  readonly config: Readonly<Record<string, string>>
  readonly routeIds: readonly string[]
}

/** What one process of this service has measured. */
export interface BackendCheck {
  readonly healthy: boolean
  /** Since when what follows was counted. */
  readonly since: Date
  readonly operations: number
  /** Null without an operation. To within a tenth. */
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  /** Failures of the backend by code; a conflict or a bad key is none. */
  readonly failures: readonly { readonly code: string; readonly count: number }[]
}

/** Measurements of the backends that routes name. */
export interface Diagnostics {
  /** In the order of their ids; routes that no longer exist are left out. */
  uses(routeIds: ReadonlySet<string>): readonly BackendUse[]
  /** Asks the backend whether it is there, at most every few seconds. Never throws for its state. */
  check(id: string): Promise<BackendCheck>
}

export interface BackendDiagnostic extends BackendUse, BackendCheck {}
