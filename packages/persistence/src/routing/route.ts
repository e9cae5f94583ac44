import { createHash } from 'node:crypto'
import type { Mode, TenantId } from '@heirloom/tenancy'
import type { BackendType } from '../backends/backend.js'
import type { BackendConfig } from '../backends/config-spec.js'
import type { Placement } from './placement.js'

/** The registry's own kind: its one route stands in the bootstrap file. */
export const registryKind = 'routing_registry_store'

/**
 * Kinds whose readers trust that what they saw is everything up to there. A shadow that is repaired
 * record by record cannot promise that, so it is not read for them.
 */
export const orderedKinds: readonly string[] = ['event_stream', 'canvas_command_store']

/** For whom a route is. Two routes never have the same scope. */
export interface RouteScope {
  readonly resourceKind: string
  /** Null: any tenant. */
  readonly tenantId: TenantId | null
  readonly env: string
  /** Sorted; empty: every mode. */
  readonly modes: readonly Mode[]
  readonly projectId: string | null
  readonly surfaceId: string | null
}

/** What a route says besides for whom it is. */
export interface RouteTarget {
  readonly backendType: BackendType
  readonly config: BackendConfig
  readonly tier: string | null
  readonly costNotes: string | null
}

export interface Route extends RouteScope, RouteTarget {
  readonly id: string
  readonly updatedAt: Date
  readonly updatedBy: string
  /** What the route named before its last change of backend. */
  readonly previousBackendType: BackendType | null
  readonly switchRationale: string | null
  readonly lastSwitchTime: Date | null
  readonly placement: Placement
}

/** Who asks, and for what. Without a mode only routes for every mode fit. */
export interface RouteRequest {
  readonly resourceKind: string
  readonly tenantId: TenantId
  readonly mode?: Mode
  readonly projectId?: string
  readonly surfaceId?: string
}

/** Made from the scope, so that saving the same scope twice is the same route. */
export function routeId(scope: RouteScope): string {
  const parts = [
    scope.resourceKind,
    scope.tenantId,
    scope.env,
    scope.modes,
    scope.projectId,
    scope.surfaceId,
  ]
  return `rt_${createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 24)}`
}
