import type { BackendDiagnostic } from './backend-health.js'
import { listRoutes } from './routes.js'
import type { Scope } from './scope.js'

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
