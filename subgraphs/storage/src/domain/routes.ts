import { AppError } from '@heirloom/errors'
import type { NewRoute, Route } from './route.js'
import { actorOf, type Scope } from './scope.js'

const secretMark = 'secret:'

/** Routes that the caller may see, in the order of their ids, at most `limit` after `after`. */
export function listRoutes(
  { tenant, authorizer, routes }: Scope,
  filter: { readonly resourceKind: string | null; readonly after: string; readonly limit: number },
): readonly Route[] {
  return routes
    .list()
    .filter((route) => filter.resourceKind === null || route.resourceKind === filter.resourceKind)
    .filter((route) => route.id > filter.after)
    .filter((route) => authorizer.allows(tenant, 'route:read', resourceOf(route)))
    .slice(0, filter.limit)
}

/** @throws AppError FORBIDDEN, ROUTE_NOT_CONFIGURED, BACKEND_FORBIDDEN, BACKEND_UNAVAILABLE */
export function resolveRoute(
  { tenant, authorizer, routes }: Scope,
  resourceKind: string,
  surfaceId: string | null,
): Route {
  authorizer.require(tenant, 'route:read', { kind: 'Route', tenantId: tenant.tenantId })
  return routes.resolve(tenant, resourceKind, surfaceId ?? tenant.surfaceId ?? null)
}

/** @throws AppError FORBIDDEN, and what `Routes.save` throws */
export async function saveRoute(
  { tenant, authorizer, routes }: Scope,
  route: NewRoute,
): Promise<Route> {
  authorizer.require(tenant, 'route:write', { kind: 'Route', tenantId: route.tenantId })
  if (!authorizer.allows(tenant, 'route:write', { kind: 'Route', tenantId: null })) {
    refuseForeignSecrets(tenant.tenantId, route.config)
  }
  return routes.save(route, actorOf(tenant))
}

/** @throws AppError NOT_FOUND also for a route that the caller may not see, FORBIDDEN */
export async function deleteRoute(
  { tenant, authorizer, routes }: Scope,
  id: string,
): Promise<void> {
  const route = routes.list().find((candidate) => candidate.id === id)
  if (route === undefined || !authorizer.allows(tenant, 'route:read', resourceOf(route))) {
    throw new AppError('NOT_FOUND', 'there is no such route')
  }
  authorizer.require(tenant, 'route:write', resourceOf(route))
  await routes.delete(id, actorOf(tenant))
}

function resourceOf(route: Route): { kind: 'Route'; id: string; tenantId: Route['tenantId'] } {
  return { kind: 'Route', id: route.id, tenantId: route.tenantId }
}

/**
 * Who writes the routes of one tenant refers to that tenant's secrets alone: with those of the
 * platform, or of another tenant, a backend would be entered in somebody else's name.
 */
export function refuseForeignSecrets(tenantId: string, config: unknown): void {
  if (typeof config !== 'object' || config === null) return
  for (const [name, value] of Object.entries(config)) {
    if (typeof value !== 'string' || !value.startsWith(secretMark)) continue
    if (value.startsWith(`${secretMark}${tenantId}/`)) continue
    throw new AppError('FORBIDDEN', `give "${name}" as ${secretMark}${tenantId}/NAME`)
  }
}
