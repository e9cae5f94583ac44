import * as fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import type { TenantId } from '@heirloom/tenancy'
import { createFirearmsPolicyStore } from '../../stores/firearms-policy.js'
import type { FirearmActor, FirearmsPolicyStore } from '../../stores/firearms-policy-types.js'
import { allOf, newTenant, type StoreContract } from './store-bench.js'

const by = 'user:1'
const ann: FirearmActor = { actorType: 'user', actorId: 'ann' }
const bot: FirearmActor = { actorType: 'agent', actorId: 'bot#1' }
const hourMs = 3_600_000

export const firearmsPolicyContract: StoreContract = (bench) => {
  describe('firearms_policy_store', () => {
    let tenant: TenantId
    let policies: FirearmsPolicyStore

    beforeEach(() => {
      tenant = newTenant()
      policies = store()
    })

    function store(process: 0 | 1 = 0): FirearmsPolicyStore {
      const table = bench.table('firearms_policy_store', tenant, process)
      return createFirearmsPolicyStore(table, { now: bench.clock.now })
    }

    function binding(actionName: string, firearmId = 'f', strategyLockRequired = false) {
      return { actionName, firearmId, strategyLockRequired, note: 'why' }
    }

    it('binds an action once, whoever tries at the same time', async () => {
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 2, max: 5 }), async (writers) => {
          tenant = newTenant()
          const results = await Promise.allSettled(
            Array.from({ length: writers }, (_, w) =>
              store(w % 2 === 0 ? 0 : 1).bind(binding('delete all', `f${w}`), by),
            ),
          )
          const bound = results.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
          expect(bound).toHaveLength(1)
          const refused = results.filter((one) => one.status === 'rejected')
          for (const one of refused) expect(one).toMatchObject({ reason: { code: 'CONFLICT' } })
          expect(await allOf((page) => store().bindings(page))).toEqual(bound)
          const firearm = bound[0]?.firearmId ?? ''
          expect(await allOf((page) => store().bindingsOf(firearm, page))).toEqual(bound)
          expect(await allOf((page) => store().audit(page))).toHaveLength(1)
        }),
        { numRuns: 3 },
      )
    })

    it('changes a binding as the caller saw it, and its lookup by firearm with it', async () => {
      await policies.bind(binding('a#b', 'f#1'), by)
      await expect(policies.rebind(binding('a#b', 'g'), 2, by)).rejects.toMatchObject({
        code: 'STALE_REVISION',
        details: { expected: 2, current: 1 },
      })
      const changed = await policies.rebind(binding('a#b', 'g', true), 1, by)
      expect(changed).toMatchObject({ revision: 2, strategyLockRequired: true })
      expect(await policies.binding('a#b')).toEqual(changed)
      expect(await allOf((page) => policies.bindingsOf('f#1', page))).toEqual([])
      expect(await allOf((page) => policies.bindingsOf('g', page))).toEqual([changed])
      await expect(policies.rebind(binding('none'), 1, by)).rejects.toMatchObject({
        code: 'NOT_FOUND',
      })
      expect(await policies.unbind('a#b', by)).toBe(true)
      expect(await policies.unbind('a#b', by)).toBe(false)
      expect(await policies.binding('a#b')).toBeNull()
      expect(await allOf((page) => policies.bindingsOf('g', page))).toEqual([])
      expect(await policies.bind(binding('a#b'), by)).toMatchObject({ revision: 1 })
    })

    it('finds grants by actor and by firearm, and no others', async () => {
      for (const firearmId of ['f', 'f#', 'g']) await policies.grant({ ...ann, firearmId }, by)
      await policies.grant({ ...bot, firearmId: 'f', reason: 'night shift' }, by)
      await policies.bind(binding('a', 'f'), by)
      const ofAnn = await allOf((page) => policies.grantsOf(ann, page))
      expect(ofAnn.map(({ firearmId }) => firearmId).toSorted()).toEqual(['f', 'f#', 'g'])
      const holders = await allOf((page) => policies.holdersOf('f', page), 1)
      expect(new Set(holders.map(({ actorId }) => actorId))).toEqual(new Set(['ann', 'bot#1']))
      expect(await policies.grantOf(bot, 'f')).toMatchObject({
        reason: 'night shift',
        grantedBy: by,
        grantedAt: new Date(bench.clock.now()),
        expiresAt: null,
      })
      expect(await policies.revoke(ann, 'f', by)).toBe(true)
      expect(await policies.revoke(ann, 'f', by)).toBe(false)
      expect(await policies.grantOf(ann, 'f')).toBeNull()
      expect(await allOf((page) => policies.holdersOf('f', page))).toHaveLength(1)
    })

    it('lets a grant end at its expiry, with all that leads to it', async () => {
      const expiresAt = new Date(bench.clock.now() + hourMs)
      await policies.grant({ ...ann, firearmId: 'f', expiresAt }, by)
      await policies.bind(binding('shoot', 'f'), by)
      bench.clock.advance(hourMs - 1)
      expect(await policies.decide('shoot', ann, false)).toMatchObject({ allowed: true })
      bench.clock.advance(1)
      expect(await policies.decide('shoot', ann, false)).toMatchObject({ reason: 'NO_GRANT' })
      expect(await policies.grantOf(ann, 'f')).toBeNull()
      expect(await allOf((page) => policies.holdersOf('f', page))).toEqual([])
      expect(await allOf((page) => policies.grantsOf(ann, page))).toEqual([])
      await policies.grant({ ...ann, firearmId: 'f' }, by)
      expect(await policies.grantOf(ann, 'f')).toMatchObject({ expiresAt: null })
    })

    it('decides by binding, grant and strategy lock', async () => {
      expect(await policies.decide('harmless', bot, false)).toEqual({
        allowed: true,
        binding: null,
      })
      const bound = await policies.bind(binding('delete', 'f', true), by)
      const decided = (lock: boolean) => policies.decide('delete', bot, lock)
      expect(await decided(true)).toEqual({ allowed: false, binding: bound, reason: 'NO_GRANT' })
      await policies.grant({ ...bot, firearmId: 'f' }, by)
      expect(await decided(false)).toMatchObject({ reason: 'STRATEGY_LOCK_REQUIRED' })
      expect(await decided(true)).toEqual({ allowed: true, binding: bound })
    })

    it('audits every change with who, before and after', async () => {
      const bound = await policies.bind(binding('a'), 'user:bind')
      bench.clock.advance(1)
      await policies.rebind(binding('a', 'g'), bound.revision, 'user:rebind')
      bench.clock.advance(1)
      await policies.grant({ ...ann, firearmId: 'g' }, 'user:grant')
      bench.clock.advance(1)
      await policies.revoke(ann, 'g', 'user:revoke')
      bench.clock.advance(1)
      await policies.unbind('a', 'user:unbind')
      await policies.unbind('a', 'user:nothing')
      const entries = await allOf((page) => policies.audit(page))
      expect(entries.map(({ change, by: who }) => [change, who])).toEqual([
        ['unbound', 'user:unbind'],
        ['revoked', 'user:revoke'],
        ['granted', 'user:grant'],
        ['rebound', 'user:rebind'],
        ['bound', 'user:bind'],
      ])
      expect(entries[3]).toMatchObject({
        key: 'bind#a',
        before: { firearm_id: 'f' },
        after: { firearm_id: 'g' },
      })
    })

    it('refuses what is no binding and no grant, and changes nothing', async () => {
      const past = new Date(bench.clock.now())
      const wrong = [
        policies.bind(binding(''), by),
        policies.bind(binding('a', ''), by),
        policies.bind(binding('a'), ''),
        policies.bind({ ...binding('a'), strategyLockRequired: 1 as never }, by),
        policies.grant({ ...ann, firearmId: 'f', expiresAt: past }, by),
        policies.grant({ ...ann, actorType: 'root' as 'user', firearmId: 'f' }, by),
      ]
      for (const result of await Promise.allSettled(wrong)) {
        expect(result).toMatchObject({ status: 'rejected', reason: { code: 'INVALID_INPUT' } })
      }
      expect((await bench.records('firearms_policy_store', tenant)).size).toBe(0)
    })
  })
}
