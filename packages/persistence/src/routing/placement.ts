import type { BackendType } from '../backends/backend.js'
import type { BackendConfig } from '../backends/config-spec.js'

/** A backend and how to reach the data on it. */
export interface BackendTarget {
  readonly backendType: BackendType
  readonly config: BackendConfig
}

export const strategies = ['single', 'dual-write', 'read-replica'] as const
/**
 * single: one backend. dual-write: reads and writes the primary, and brings the shadow after it.
 * read-replica: the same, and reads the shadow once it was compared.
 */
export type Strategy = (typeof strategies)[number]

/** How the data of a route lies on its backends. The route's own backend is the primary. */
export interface Placement {
  readonly strategy: Strategy
  readonly shadow: BackendTarget | null
  /** Every record of the primary was found on the shadow. */
  readonly shadowReady: boolean
  /** Grows with every change of the placement: what a process may do is granted for one epoch. */
  readonly epoch: number
  /** Grows whenever another backend becomes the primary: versions of two homes are never equal. */
  readonly home: number
  /** held: nobody may write, because another backend is just becoming the primary. */
  readonly writes: 'open' | 'held'
  /** The primary was a shadow, and may still hold tombstones. */
  readonly tombstones: boolean
  readonly migrationId: string | null
}

export const settled: Placement = {
  strategy: 'single',
  shadow: null,
  shadowReady: false,
  epoch: 0,
  home: 0,
  writes: 'open',
  tombstones: false,
  migrationId: null,
}

export function sameTarget(one: BackendTarget, other: BackendTarget): boolean {
  const entries = ({ config }: BackendTarget): string =>
    JSON.stringify(Object.entries(config).sort(([a], [b]) => (a < b ? -1 : 1)))
  return one.backendType === other.backendType && entries(one) === entries(other)
}
