import { createHash } from 'node:crypto'
import type { Mode, TenantId } from '@heirloom/tenancy'
import type { BackendType } from '../backends/backend.js'
import type { BackendConfig } from '../backends/config-spec.js'

/** The registry's own kind: its one route stands in the bootstrap file. */
export const registryKind = 'routing_registry_store'

/** What a route can be for: the stores that live on a RecordTable. */
export const resourceKinds = [
  'attribution_store',
  'budget_store',
  'canvas_command_store',
  'chat_store',
  'config_store',
  'event_stream',
  'firearms_policy_store',
  'memory_store',
  registryKind,
  'seo_config_store',
  'strategy_policy_store',
  'tabular_store',
] as const

/** Kinds whose routes may depend on the surface. */
export const surfaceKinds: readonly string[] = ['chat_store', 'strategy_policy_store']

/**
 * Kinds that are one place per tenant. Everybody in a tenant follows the same streams, and the
 * workers that append know the tenant alone: a stream whose place depended on the mode or project
 * of who asks would be written at one place and read at another.
 */
export const wholeTenantKinds: readonly string[] = ['event_stream']

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
