import type { Mode, TenantId } from '@heirloom/tenancy'
import type { Route } from './route.js'

/** A request as routes see it. */
export interface RouteQuestion {
  readonly resourceKind: string
  readonly tenantId: TenantId
  readonly mode: Mode
  readonly projectId: string | null
  readonly surfaceId: string | null
}

export type RouteCondition = 'tenant' | 'environment' | 'mode' | 'project' | 'surface'

export interface RouteCandidate {
  readonly route: Route
  readonly mismatches: readonly RouteCondition[]
}
