import type { Route, RouteRequest } from './route.js'
import { rank } from './select.js'

export type RouteCondition = 'tenant' | 'environment' | 'mode' | 'project' | 'surface'

export interface RouteCandidate {
  readonly route: Route
  /** What of the route does not fit; empty when it could be taken. */
  readonly mismatches: readonly RouteCondition[]
}

/**
 * Every route of the kind, as selection sees it (select.ts): those that fit first, and of these the
 * most specific first, so that the first one without mismatches is the one that is taken.
 */
export function explainSelection(
  routes: readonly Route[],
  env: string,
  request: RouteRequest,
): readonly RouteCandidate[] {
  return routes
    .filter((route) => route.resourceKind === request.resourceKind)
    .map((route) => ({ route, mismatches: mismatchesOf(route, env, request) }))
    .sort(
      (one, other) =>
        one.mismatches.length - other.mismatches.length ||
        rank(other.route) - rank(one.route) ||
        (one.route.id < other.route.id ? -1 : 1),
    )
}

function mismatchesOf(route: Route, env: string, request: RouteRequest): readonly RouteCondition[] {
  const { mode, projectId, surfaceId, tenantId } = request
  const found: RouteCondition[] = []
  if (route.tenantId !== null && route.tenantId !== tenantId) found.push('tenant')
  if (route.env !== env) found.push('environment')
  if (route.modes.length > 0 && (mode === undefined || !route.modes.includes(mode))) {
    found.push('mode')
  }
  if (route.projectId !== null && route.projectId !== projectId) found.push('project')
  if (route.surfaceId !== null && route.surfaceId !== surfaceId) found.push('surface')
  return found
}
