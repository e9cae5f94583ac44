import { beforeEach, describe, expect, it } from 'vitest'
import type { TenantId } from '@heirloom/tenancy'
import {
  createStrategyPolicyStore,
  defaultStrategyPolicies,
  type NewStrategyPolicy,
  type StrategyPolicyStore,
} from '../../stores/strategy-policy.js'
import { allOf, newTenant, type StoreContract } from './store-bench.js'

const by = 'user:1'

export const strategyPolicyContract: StoreContract = (bench) => {
  describe('strategy_policy_store', () => {
    let tenant: TenantId
    let policies: StrategyPolicyStore

    beforeEach(() => {
      tenant = newTenant()
      policies = store()
    })

    function store(process: 0 | 1 = 0): StrategyPolicyStore {
      const table = bench.table('strategy_policy_store', tenant, process)
      return createStrategyPolicyStore(table, { now: bench.clock.now })
    }

    function policy(surfaceId: string | null, actionName: string): NewStrategyPolicy {
      return {
        surfaceId,
        actionName,
        requiresLock: true,
        lockId: 'l',
        approverPolicy: 'two_people',
        defaultBehavior: 'deny',
      }
    }

    it('keeps policies per surface and for all, and changes them as they were seen', async () => {
      const first = await policies.set(policy('s#1', 'a#b'), by, 0)
      expect(first).toMatchObject({ ...policy('s#1', 'a#b'), revision: 1, changedBy: by })
      expect(await policies.get('s#1', 'a#b')).toEqual(first)
      expect(await policies.get(null, 'a#b')).toBeNull()
      for (const expected of [0, 2]) {
        await expect(policies.set(policy('s#1', 'a#b'), by, expected)).rejects.toMatchObject({
          code: 'STALE_REVISION',
          details: { expected, current: 1 },
        })
      }
      expect(await policies.set(policy('s#1', 'a#b'), by, 1)).toMatchObject({ revision: 2 })
      await policies.set(policy('s#1', 'c'), by, null)
      await policies.set(policy('s', 'd'), by, null)
      const listed = await allOf((page) => policies.list('s#1', page), 1)
      expect(listed.map(({ actionName }) => actionName)).toEqual(['a#b', 'c'])
      expect(await policies.remove('s#1', 'c')).toBe(true)
      expect(await policies.remove('s#1', 'c')).toBe(false)
    })

    it('lets exactly one of several writers make each revision', async () => {
      for (let round = 0; round < 3; round += 1) {
        const results = await Promise.allSettled(
          Array.from({ length: 5 }, (_, w) =>
            store(w % 2 === 0 ? 0 : 1).set(policy(null, 'a'), `user:${w}`, round),
          ),
        )
        expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      }
      expect(await policies.get(null, 'a')).toMatchObject({ revision: 3 })
    })

    it('seeds defaults for every surface once, and leaves alone what was changed', async () => {
      expect(await policies.find('s', 'publish')).toBeNull()
      const added = await policies.seed('service:storage')
      expect(added).toHaveLength(defaultStrategyPolicies.length)
      await policies.set({ ...policy(null, 'publish'), requiresLock: false, lockId: null }, by, 1)
      expect(await policies.seed('service:storage')).toEqual([])
      expect(await policies.find('s', 'publish')).toMatchObject({
        requiresLock: false,
        surfaceId: null,
      })
      expect(await policies.find('s', 'never heard of')).toMatchObject({ actionName: '*' })
    })

    it('finds the policy that holds: the surface’s before everybody’s, the action’s before *', async () => {
      await policies.set(policy(null, '*'), by, 0)
      expect(await policies.find('s', 'a')).toMatchObject({ surfaceId: null, actionName: '*' })
      await policies.set(policy(null, 'a'), by, 0)
      expect(await policies.find('s', 'a')).toMatchObject({ surfaceId: null, actionName: 'a' })
      await policies.set(policy('s', '*'), by, 0)
      expect(await policies.find('s', 'a')).toMatchObject({ surfaceId: 's', actionName: '*' })
      await policies.set(policy('s', 'a'), by, 0)
      expect(await policies.find('s', 'a')).toMatchObject({ surfaceId: 's', actionName: 'a' })
      expect(await policies.find(null, 'a')).toMatchObject({ surfaceId: null, actionName: 'a' })
    })

    it('refuses what is no policy, and changes nothing', async () => {
      const good = policy('s', 'a')
      const wrong = [
        policies.set({ ...good, surfaceId: 'global' }, by, 0),
        policies.set({ ...good, surfaceId: '' }, by, 0),
        policies.set({ ...good, actionName: '' }, by, 0),
        policies.set({ ...good, lockId: null }, by, 0),
        policies.set({ ...good, approverPolicy: 'nobody' as 'none' }, by, 0),
        policies.set({ ...good, defaultBehavior: 'maybe' as 'ask' }, by, 0),
        policies.set(good, '', 0),
        policies.set(good, by, -1),
      ]
      for (const result of await Promise.allSettled(wrong)) {
        expect(result).toMatchObject({ status: 'rejected', reason: { code: 'INVALID_INPUT' } })
      }
      expect((await bench.records('strategy_policy_store', tenant)).size).toBe(0)
    })
  })
}
