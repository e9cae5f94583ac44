import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { modes, tenantId } from '@heirloom/tenancy'
import { explainSelection } from './explain.js'
import { settled } from './placement.js'
import { routeId, type Route, type RouteScope } from './route.js'
import { createRouteIndex, findAmbiguous } from './select.js'

const nameOr = <T>(...names: readonly T[]): fc.Arbitrary<T | null> =>
  fc.constantFrom(...names, null)
const scopes = fc.record({
  resourceKind: fc.constantFrom('chat_store', 'config_store'),
  tenantId: nameOr(tenantId('t_one'), tenantId('t_two')),
  env: fc.constantFrom('prod', 'test'),
  modes: fc.subarray([...modes]),
  projectId: nameOr('p1', 'p2'),
  surfaceId: nameOr('s1', 's2'),
})
const requests = fc.record(
  {
    resourceKind: fc.constantFrom('chat_store', 'config_store'),
    tenantId: fc.constantFrom(tenantId('t_one'), tenantId('t_two')),
    mode: fc.constantFrom(...modes),
    projectId: fc.constantFrom('p1', 'p2'),
    surfaceId: fc.constantFrom('s1', 's2'),
  },
  { requiredKeys: ['resourceKind', 'tenantId'] },
)

describe('the explanation of a selection', () => {
  it('takes first what the selection takes, for any routes and any request', () => {
    fc.assert(
      fc.property(fc.array(scopes, { maxLength: 30 }), requests, (given, request) => {
        const routes = given.reduce<readonly Route[]>(
          (all, scope) =>
            all.some(({ id }) => id === routeId(scope)) || findAmbiguous(all, scope) !== undefined
              ? all
              : [...all, routeOf(scope)],
          [],
        )
        const [first] = explainSelection(routes, 'prod', request)
        const taken = taking(() => createRouteIndex(routes, 'prod').select(request))
        expect(first?.mismatches.length === 0 ? first.route : undefined).toBe(taken)
      }),
    )
  })

  it('says of each other route what does not fit', () => {
    const scope = {
      resourceKind: 'chat_store',
      tenantId: tenantId('t_two'),
      env: 'test',
      modes: ['lab'],
      projectId: 'p2',
      surfaceId: 's2',
    } as const
    const request = { resourceKind: 'chat_store', tenantId: tenantId('t_one') }
    expect(explainSelection([routeOf(scope)], 'prod', request)).toMatchObject([
      { mismatches: ['tenant', 'environment', 'mode', 'project', 'surface'] },
    ])
    expect(
      explainSelection([routeOf(scope)], 'prod', { ...request, resourceKind: 'config_store' }),
    ).toEqual([])
  })
})

function taking(select: () => Route): Route | undefined {
  try {
    return select()
  } catch {
    return undefined
  }
}

function routeOf(scope: RouteScope): Route {
  return {
    id: routeId(scope),
    ...scope,
    backendType: 'postgres',
    config: {},
    tier: null,
    costNotes: null,
    updatedAt: new Date(0),
    updatedBy: 'system:test',
    previousBackendType: null,
    switchRationale: null,
    lastSwitchTime: null,
    placement: settled,
  }
}
