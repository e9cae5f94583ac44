import { AppError } from '@heirloom/errors'
import { routeId, type Route, type RouteRequest, type RouteScope } from './route.js'

/**
 * The most specific route that fits. A tenant's own route beats one for any tenant, whatever else
 * that names: where a tenant's data may lie is the tenant's decision. Then a surface beats a
 * project, and a project beats a list of modes.
 * @throws AppError ROUTE_NOT_CONFIGURED when none fits; there is no fallback
 */
export function selectRoute(routes: readonly Route[], env: string, request: RouteRequest): Route {
  let best: Route | undefined
  for (const route of routes) {
    if (!fits(route, env, request)) continue
    if (best === undefined || rank(route) > rank(best)) best = route
  }
  if (best !== undefined) return best
  throw new AppError(
    'ROUTE_NOT_CONFIGURED',
    `no route is configured for ${request.resourceKind.slice(0, 64)} in "${env}"`,
    { details: { resource_kind: request.resourceKind.slice(0, 64), env } },
  )
}

/**
 * A route of the same rank that could fit the same request, if there is one. Their modes are then
 * two lists that share a mode without being the same list.
 */
export function findAmbiguous(routes: readonly Route[], scope: RouteScope): Route | undefined {
  const id = routeId(scope)
  return routes.find(
    (route) =>
      route.id !== id &&
      rank(route) === rank(scope) &&
      route.resourceKind === scope.resourceKind &&
      route.env === scope.env &&
      route.tenantId === scope.tenantId &&
      route.projectId === scope.projectId &&
      route.surfaceId === scope.surfaceId &&
      route.modes.some((mode) => scope.modes.includes(mode)),
  )
}

function fits(route: RouteScope, env: string, request: RouteRequest): boolean {
  return (
    route.resourceKind === request.resourceKind &&
    route.env === env &&
    (route.tenantId === null || route.tenantId === request.tenantId) &&
    (route.projectId === null || route.projectId === request.projectId) &&
    (route.surfaceId === null || route.surfaceId === request.surfaceId) &&
    (route.modes.length === 0 || (request.mode !== undefined && route.modes.includes(request.mode)))
  )
}

/** Each bit outweighs all the bits below it, so two different sets of conditions never tie. */
export function rank(scope: RouteScope): number {
  return (
    (scope.tenantId === null ? 0 : 8) +
    (scope.surfaceId === null ? 0 : 4) +
    (scope.projectId === null ? 0 : 2) +
    (scope.modes.length === 0 ? 0 : 1)
  )
}
