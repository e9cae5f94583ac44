import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createIds, fixedClock } from '@heirloom/testkit'
import type { TenantId } from '@heirloom/tenancy'
import { createBackendPool, type BackendPool } from '../../backends.js'
import { labOnlyBackends, type OpenBackend } from '../../backends/backend.js'
import {
  isResourceKind,
  resourceKindNames,
  resourceKinds,
  type ResourceKindName,
  type StoreScope,
} from '../../resource-kinds.js'
import type { NewRoute } from '../../routing/new-route.js'
import { createRoutingRegistry, type RoutingRegistry } from '../../routing/registry.js'
import { registryKind, type RouteRequest } from '../../routing/route.js'
import { createRoutedRecords, type RoutedRecords } from '../../routing/routed-records.js'
import type { BackendRig, RunningBackend } from '../backend-rig.js'
import { allRecords, declared, newTenant, type StoreBench } from './store-bench.js'
import { storeIsolationContract } from './store-isolation-contract.js'

const by = 'user:1'

/**
 * Generated as well: every kind of data and every method of its store, for two tenants, on the
 * table that the routes lead to.
 */
export function routedStoreContracts(rig: BackendRig): void {
  describe(`stores on ${rig.type}, by way of the routes`, () => {
    const clock = fixedClock()
    const isLabOnly = labOnlyBackends.includes(rig.type)
    const kinds = resourceKindNames.filter(isResourceKind).filter((kind) => kind !== registryKind)
    // What has one place per tenant has it for every mode, where lab backends are refused.
    const routed = kinds.filter((kind) => !isLabOnly || !resourceKinds[kind].wholeTenant)
    const refused = kinds.filter((kind) => !routed.includes(kind))

    let running: RunningBackend
    let raw: OpenBackend
    let pool: BackendPool
    let registry: RoutingRegistry
    let records: RoutedRecords

    beforeAll(async () => {
      running = await rig.start(clock.now)
      raw = running.open()
      pool = createBackendPool([{ type: rig.type, configSpec: {}, open: () => running.open() }])
      registry = createRoutingRegistry({
        bootstrap: {
          registry: {
            tenantId: newTenant(),
            backendType: rig.type,
            config: {},
            modes: isLabOnly ? ['lab'] : [],
          },
          routes: [],
        },
        backends: pool,
        env: 'test',
        newId: createIds(),
        now: clock.now,
        announce: () => Promise.resolve(),
        onError: () => undefined,
      })
      await registry.start()
      records = createRoutedRecords(registry, pool, { now: clock.now })
    })
    afterAll(async () => {
      await registry.stop()
      await pool.close()
      await raw.close()
      await running.stop()
    })

    function routeOf(kind: ResourceKindName, tenantId: TenantId | null): NewRoute {
      const target = { backendType: rig.type, config: {} }
      return { resourceKind: kind, tenantId, modes: isLabOnly ? ['lab'] : [], ...target }
    }

    function requestOf(
      kind: ResourceKindName,
      tenantId: TenantId,
      scope: Pick<StoreScope, 'mode' | 'projectId'>,
    ): RouteRequest {
      if (resourceKinds[kind].wholeTenant) return { resourceKind: kind, tenantId }
      const { projectId } = scope
      return { resourceKind: kind, tenantId, mode: isLabOnly ? 'lab' : scope.mode, projectId }
    }

    const anyScope = { mode: 'lab', projectId: 'p' } as const

    it.each(routed)("lead nobody to another tenant's %s", async (kind) => {
      const [mine, theirs] = [newTenant(), newTenant()]
      const { id } = await registry.save(routeOf(kind, mine), by)
      expect(
        records.open(requestOf(kind, mine, anyScope)).capabilities.maxItemBytes,
      ).toBeGreaterThan(0)
      expect(() => records.open(requestOf(kind, theirs, anyScope))).toThrow(
        'no route is configured',
      )
      await registry.delete(id, by)
    })

    it('lead to the registry itself by no route that anybody can save', async () => {
      await expect(registry.save(routeOf(registryKind, null), by)).rejects.toMatchObject({
        code: 'INVALID_INPUT',
      })
    })

    it.each(isLabOnly ? kinds : [])('keep %s off a backend for the lab', async (kind) => {
      const everyMode = registry.save({ ...routeOf(kind, null), modes: [] }, by)
      await expect(everyMode).rejects.toMatchObject({ code: 'BACKEND_FORBIDDEN' })
    })

    it('name every kind that cannot be kept here', () => {
      expect([...routed, ...refused, registryKind].toSorted()).toEqual(resourceKindNames.toSorted())
      expect(refused.every((kind) => isLabOnly && resourceKinds[kind].wholeTenant)).toBe(true)
    })

    describe('that are for everybody', () => {
      beforeAll(async () => {
        for (const kind of routed) await registry.save(routeOf(kind, null), by)
      })

      const bench: StoreBench = {
        kinds: routed,
        clock,
        table: (kind, tenant, _, scope = { ...anyScope, userId: 'u', configScope: 'tenant' }) =>
          declared(kind, records.open(requestOf(kind, tenant, scope))),
        records: (kind, tenant) => allRecords(raw, rig.type, kind, tenant),
      }
      storeIsolationContract(bench)
    })
  })
}
