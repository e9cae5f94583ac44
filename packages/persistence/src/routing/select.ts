import { AppError } from '@heirloom/errors'
import { routeId, type Route, type RouteRequest, type RouteScope } from './route.js'

/** Finds the route for a request, in a time that does not grow with their number. */
export interface RouteIndex {
  /** @throws AppError ROUTE_NOT_CONFIGURED when none fits; there is no fallback */
  select(request: RouteRequest): Route
}

/** Routes that differ in their modes alone: those for every mode apart from those for some. */
interface Modes {
  readonly some: Route[]
  every: Route | undefined
}
// By project, surface and tenant, in that order from within; null stands for any.
type Projects = Map<string | null, Modes>
type Surfaces = Map<string | null, Projects>
type Tenants = Map<string | null, Surfaces>

/**
 * The most specific route that fits is selected. A tenant's own route beats one for any tenant,
 * whatever else that names: where a tenant's data may lie is the tenant's decision. Then a surface
 * beats a project, and a project beats a list of modes. So the first route that is met is the one,
 * when at each level the name that was asked for is looked up before `any`.
 */
export function createRouteIndex(routes: readonly Route[], env: string): RouteIndex {
  const kinds = new Map<string, Tenants>()
  for (const route of routes) {
    if (route.env === env) add(kinds, route)
  }
  return {
    select: (request) => {
      const route = find(kinds.get(request.resourceKind), request)
      if (route !== undefined) return route
      const kind = request.resourceKind.slice(0, 64)
      throw new AppError('ROUTE_NOT_CONFIGURED', `no route is configured for ${kind} in "${env}"`, {
        details: { resource_kind: kind, env },
      })
    },
  }
}

function add(kinds: Map<string, Tenants>, route: Route): void {
  const tenants = inner(kinds, route.resourceKind, (): Tenants => new Map())
  const surfaces = inner(tenants, route.tenantId, (): Surfaces => new Map())
  const projects = inner(surfaces, route.surfaceId, (): Projects => new Map())
  const modes = inner(projects, route.projectId, (): Modes => ({ some: [], every: undefined }))
  if (route.modes.length > 0) modes.some.push(route)
  else modes.every ??= route
}

function inner<Key, Value>(map: Map<Key, Value>, key: Key, create: () => Value): Value {
  const value = map.get(key) ?? create()
  map.set(key, value)
  return value
}

function find(tenants: Tenants | undefined, request: RouteRequest): Route | undefined {
  return ofTenant(tenants?.get(request.tenantId), request) ?? ofTenant(tenants?.get(null), request)
}

function ofTenant(surfaces: Surfaces | undefined, request: RouteRequest): Route | undefined {
  const { surfaceId } = request
  const named = surfaceId === undefined ? undefined : surfaces?.get(surfaceId)
  return ofSurface(named, request) ?? ofSurface(surfaces?.get(null), request)
}

function ofSurface(projects: Projects | undefined, request: RouteRequest): Route | undefined {
  const { projectId } = request
  const named = projectId === undefined ? undefined : projects?.get(projectId)
  return ofModes(named, request) ?? ofModes(projects?.get(null), request)
}

function ofModes(modes: Modes | undefined, { mode }: RouteRequest): Route | undefined {
  if (modes === undefined) return undefined
  const { some, every } = modes
  if (mode === undefined || some.length === 0) return every
  return some.find((route) => route.modes.includes(mode)) ?? every
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

/** Each bit outweighs all the bits below it, so two different sets of conditions never tie. */
export function rank(scope: RouteScope): number {
  return (
    (scope.tenantId === null ? 0 : 8) +
    (scope.surfaceId === null ? 0 : 4) +
    (scope.projectId === null ? 0 : 2) +
    (scope.modes.length === 0 ? 0 : 1)
  )
}
