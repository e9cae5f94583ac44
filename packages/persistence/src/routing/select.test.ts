import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { modes, tenantId } from '@heirloom/tenancy'
import { settled } from './placement.js'
import { routeId, type Route, type RouteRequest, type RouteScope } from './route.js'
import { createRouteIndex, findAmbiguous } from './select.js'

const tenants = [tenantId('t_one'), tenantId('t_two')] as const

const scope: fc.Arbitrary<RouteScope> = fc.record({
  resourceKind: fc.constantFrom('chat_store', 'config_store'),
  tenantId: fc.constantFrom(null, ...tenants),
  env: fc.constantFrom('dev', 'prod'),
  modes: fc.subarray([...modes]),
  projectId: fc.constantFrom(null, 'p1', 'p2'),
  surfaceId: fc.constantFrom(null, 'web'),
})
const request: fc.Arbitrary<RouteRequest> = fc.record(
  {
    resourceKind: fc.constantFrom('chat_store', 'config_store'),
    tenantId: fc.constantFrom(...tenants),
    mode: fc.constantFrom(...modes),
    projectId: fc.constantFrom('p1', 'p2', 'p3'),
    surfaceId: fc.constantFrom('web', 'app'),
  },
  { requiredKeys: ['resourceKind', 'tenantId'] },
)

function routeOf(own: RouteScope): Route {
  return {
    ...own,
    id: routeId(own),
    backendType: 'postgres',
    config: {},
    tier: null,
    costNotes: null,
    updatedAt: new Date(0),
    updatedBy: 'test',
    previousBackendType: null,
    switchRationale: null,
    lastSwitchTime: null,
    placement: settled,
  }
}

/** What a registry holds after these were saved: same scopes once, ambiguous ones refused. */
function saved(scopes: readonly RouteScope[]): readonly Route[] {
  const routes: Route[] = []
  for (const one of scopes) {
    const there = routes.some((route) => route.id === routeId(one))
    if (!there && findAmbiguous(routes, one) === undefined) routes.push(routeOf(one))
  }
  return routes
}

function selected(routes: readonly Route[], asked: RouteRequest): Route | undefined {
  try {
    return createRouteIndex(routes, 'dev').select(asked)
  } catch {
    return undefined
  }
}

/** What selection means, one route after the other: of those that fit, the first of highest rank. */
function definition(routes: readonly Route[], asked: RouteRequest): Route | undefined {
  const allows = (named: string | null, given: string | undefined): boolean =>
    named === null || named === given
  const rank = (route: Route): number =>
    (route.tenantId === null ? 0 : 8) +
    (route.surfaceId === null ? 0 : 4) +
    (route.projectId === null ? 0 : 2) +
    (route.modes.length === 0 ? 0 : 1)
  return routes
    .filter(
      (route) =>
        route.resourceKind === asked.resourceKind &&
        route.env === 'dev' &&
        allows(route.tenantId, asked.tenantId) &&
        allows(route.projectId, asked.projectId) &&
        allows(route.surfaceId, asked.surfaceId) &&
        (route.modes.length === 0 ||
          (asked.mode !== undefined && route.modes.includes(asked.mode))),
    )
    .reduce<Route | undefined>(
      (best, route) => (best === undefined || rank(route) > rank(best) ? route : best),
      undefined,
    )
}

describe('route selection', () => {
  it('takes what the definition takes, also of routes that no registry would hold', () => {
    fc.assert(
      fc.property(fc.array(scope, { maxLength: 30 }), request, (scopes, asked) => {
        const routes = scopes.map(routeOf)
        expect(selected(routes, asked)).toBe(definition(routes, asked))
      }),
      { numRuns: 2_000 },
    )
  })

  it('does not depend on the order in which routes were saved or are held', () => {
    fc.assert(
      fc.property(fc.array(scope, { maxLength: 12 }), request, (scopes, asked) => {
        const routes = saved(scopes)
        expect(selected(routes.toReversed(), asked)).toEqual(selected(routes, asked))
      }),
    )
  })

  it('never gives a route that names another tenant, environment, project, surface or mode', () => {
    fc.assert(
      fc.property(fc.array(scope, { maxLength: 12 }), request, (scopes, asked) => {
        const route = selected(saved(scopes), asked)
        fc.pre(route !== undefined)
        expect(route).toMatchObject({ resourceKind: asked.resourceKind, env: 'dev' })
        expect([null, asked.tenantId]).toContain(route.tenantId)
        expect([null, asked.projectId]).toContain(route.projectId)
        expect([null, asked.surfaceId]).toContain(route.surfaceId)
        const allowed = asked.mode === undefined ? [] : [asked.mode]
        expect(route.modes.length === 0 || allowed.some((mode) => route.modes.includes(mode))).toBe(
          true,
        )
      }),
    )
  })

  it('finds a route if and only if one fits', () => {
    fc.assert(
      fc.property(fc.array(scope, { maxLength: 12 }), request, (scopes, asked) => {
        const routes = saved(scopes)
        const alone = routes.some((route) => selected([route], asked) !== undefined)
        expect(selected(routes, asked) !== undefined).toBe(alone)
      }),
    )
  })

  it('names what is missing', () => {
    expect(() =>
      createRouteIndex([], 'dev').select({ resourceKind: 'chat_store', tenantId: tenants[0] }),
    ).toThrow('no route is configured for chat_store in "dev"')
  })
})
