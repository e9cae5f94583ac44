import type { Route } from './route.js'
import type { RouteCandidate, RouteQuestion } from './route-selection.js'
import type { Scope } from './scope.js'

export interface RouteExplanation {
  readonly route: Route | null
  readonly reason: string
  readonly candidates: readonly RouteCandidate[]
}

const maxCandidates = 100

/**
 * Which route a request would take, and why; nothing is opened. What is not given is the caller's.
 * @throws AppError FORBIDDEN
 */
export function explainRoute(
  scope: Scope,
  asked: { readonly resourceKind: string } & {
    readonly [Part in 'tenantId' | 'mode' | 'projectId' | 'surfaceId']: RouteQuestion[Part] | null
  },
): RouteExplanation {
  const { tenant, authorizer, routes } = scope
  const question: RouteQuestion = {
    resourceKind: asked.resourceKind,
    tenantId: asked.tenantId ?? tenant.tenantId,
    mode: asked.mode ?? tenant.mode,
    projectId: asked.projectId ?? tenant.projectId ?? null,
    surfaceId: asked.surfaceId ?? tenant.surfaceId ?? null,
  }
  authorizer.require(tenant, 'route:read', { kind: 'Route', tenantId: question.tenantId })
  const { candidates, refusal } = routes.explain(question)
  const visible = candidates.filter(({ route: { id, tenantId } }) =>
    authorizer.allows(tenant, 'route:read', { kind: 'Route', id, tenantId }),
  )
  const [first] = visible
  const taken = first !== undefined && first.mismatches.length === 0 ? first.route : null
  return {
    route: taken,
    reason: reasonOf(taken, refusal),
    candidates: visible.slice(0, maxCandidates),
  }
}

function reasonOf(route: Route | null, refusal: string | null): string {
  if (route === null) return 'No route fits: the request fails with ROUTE_NOT_CONFIGURED.'
  if (refusal !== null) return `It is the most specific route that fits, but ${refusal}.`
  const named = [
    route.tenantId === null ? [] : ['the tenant'],
    route.surfaceId === null ? [] : ['the surface'],
    route.projectId === null ? [] : ['the project'],
    route.modes.length === 0 ? [] : ['the mode'],
  ].flat()
  return named.length === 0
    ? 'It is for everybody, and no route that fits is more specific.'
    : `It is the most specific route that fits: it names ${named.join(', ')}.`
}
