import { listRoutes } from './routes.js'
import type { BackendType } from './route.js'
import type { Scope } from './scope.js'

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

export interface RouteDiagnostics {
  readonly env: string
  readonly checkedAt: Date
  /** Kinds of data for which a request of this caller would find no route. */
  readonly missingResourceKinds: readonly string[]
}

/** @throws AppError FORBIDDEN */
export function routeDiagnostics(scope: Scope): RouteDiagnostics {
  const { tenant, authorizer, routes } = scope
  authorizer.require(tenant, 'route:read', { kind: 'Route', tenantId: tenant.tenantId })
  return {
    env: routes.env,
    checkedAt: new Date(scope.now()),
    missingResourceKinds: routes.unrouted(tenant),
  }
}

/** The backends behind the routes that the caller may see, at most `limit` after the id `after`. */
export async function diagnoseBackends(
  scope: Scope,
  page: { readonly after: string; readonly limit: number },
): Promise<readonly BackendDiagnostic[]> {
  const visible = listRoutes(scope, { resourceKind: null, after: '', limit: Infinity })
  const uses = scope.diagnostics
    .uses(new Set(visible.map((route) => route.id)))
    .filter((use) => use.id > page.after)
    .slice(0, page.limit)
  return Promise.all(
    uses.map(async (use) => ({ ...use, ...(await scope.diagnostics.check(use.id)) })),
  )
}
