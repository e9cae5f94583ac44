import * as fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import type { TenantId } from '@heirloom/tenancy'
import { createBudgetStore } from '../../stores/budget.js'
import type { BudgetStore, Spend } from '../../stores/budget-types.js'
import { allOf, newTenant, type StoreContract } from './store-bench.js'

const dayMs = 24 * 3_600_000

export const budgetContract: StoreContract = (bench) => {
  describe('budget_store', () => {
    let tenant: TenantId
    let budgets: BudgetStore
    let keys = 0

    beforeEach(() => {
      tenant = newTenant()
      budgets = store()
      keys = 0
    })

    function store(process: 0 | 1 = 0, skewMs = 0): BudgetStore {
      const now = (): number => bench.clock.now() + skewMs
      return createBudgetStore(bench.table('budget_store', tenant, process), { now })
    }

    function spend(amount: number, idempotencyKey = `k${(keys += 1)}`): Spend {
      return { amount, idempotencyKey, kind: 'ai.generate', by: 'user:1' }
    }

    it('counts what is spent, with and without a limit', async () => {
      expect(await budgets.usage('ai', 'p')).toMatchObject({
        limit: null,
        used: 0,
        remaining: null,
      })
      await budgets.spend('ai', 'p', spend(7))
      await budgets.setLimit('ai', 'p', { limit: 10, period: 'total' })
      expect(await budgets.spend('ai', 'p', spend(3))).toMatchObject({ accepted: true })
      expect(await budgets.usage('ai', 'p')).toMatchObject({ used: 10, remaining: 0 })
      expect(await budgets.usage('ai', null)).toMatchObject({ used: 10, limit: null })
      expect(await budgets.spend('ai', 'p', spend(1))).toEqual({
        accepted: false,
        refusedBy: {
          budget: 'ai',
          projectId: 'p',
          limit: 10,
          period: 'total',
          used: 10,
          remaining: 0,
        },
      })
      expect(await budgets.usage('ai', null)).toMatchObject({ used: 10 })
      expect(await budgets.usage('media', 'p')).toMatchObject({ used: 0 })
      const entries = await allOf((page) => budgets.entries('ai', 'p', page), 1)
      expect(new Set(entries.map(({ amount }) => amount))).toEqual(new Set([3, 7]))
    })

    it('never passes a limit, of project or tenant, however many spend at once', async () => {
      const amounts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 4, maxLength: 10 })
      await fc.assert(
        fc.asyncProperty(amounts, fc.nat(30), fc.nat(30), async (wanted, ofTenant, ofProject) => {
          tenant = newTenant()
          await store().setLimit('ai', null, { limit: ofTenant, period: 'month' })
          await store().setLimit('ai', 'p0', { limit: ofProject, period: 'day' })
          const skews = [0, 3 * dayMs, -3 * dayMs, 40]
          const outcomes = await Promise.all(
            wanted.map((amount, n) =>
              store(n % 2 === 0 ? 0 : 1, n % 5 === 0 ? (skews[n % 4] ?? 0) : 0).spend(
                'ai',
                `p${n % 2}`,
                spend(amount),
              ),
            ),
          )
          const spent = (project: string | null): number =>
            wanted.reduce((sum, amount, n) => {
              const counts = project === null || project === `p${n % 2}`
              return sum + (counts && outcomes[n]?.accepted === true ? amount : 0)
            }, 0)
          expect(spent(null)).toBeLessThanOrEqual(ofTenant)
          expect(spent('p0')).toBeLessThanOrEqual(ofProject)
          await store().setLimit('ai', null, { limit: ofTenant, period: 'total' })
          await store().setLimit('ai', 'p0', { limit: ofProject, period: 'total' })
          expect(await store().usage('ai', null)).toMatchObject({ used: spent(null) })
          expect(await store().usage('ai', 'p0')).toMatchObject({ used: spent('p0') })
        }),
        { numRuns: 5 },
      )
    })

    it('counts a spend that is sent again once, and refuses its key for another', async () => {
      const given = spend(5, 'k')
      const outcomes = await Promise.all(
        [0, 1, 0, 1].map((process) => store(process === 0 ? 0 : 1).spend('ai', 'p', given)),
      )
      for (const outcome of outcomes) expect(outcome).toEqual(outcomes[0])
      expect(await budgets.usage('ai', 'p')).toMatchObject({ used: 5 })
      await expect(budgets.spend('ai', 'p', spend(6, 'k'))).rejects.toMatchObject({
        code: 'IDEMPOTENCY_KEY_REUSED',
      })
      expect(await budgets.spend('ai', 'q', spend(6, 'k'))).toMatchObject({ accepted: true })
      await budgets.setLimit('ai', 'p', { limit: 5, period: 'total' })
      expect(await budgets.spend('ai', 'p', given)).toEqual(outcomes[0])
      expect(await budgets.spend('ai', 'p', spend(1, 'later'))).toMatchObject({ accepted: false })
      await budgets.setLimit('ai', 'p', { limit: 6, period: 'total' })
      expect(await budgets.spend('ai', 'p', spend(1, 'later'))).toMatchObject({ accepted: true })
    })

    it('begins every period anew, and not because a clock is behind', async () => {
      bench.clock.set(Date.UTC(2025, 2, 31, 23))
      await budgets.setLimit('ai', 'p', { limit: 5, period: 'day' })
      await budgets.spend('ai', 'p', spend(5))
      expect(await store(0, dayMs).spend('ai', 'p', spend(4))).toMatchObject({ accepted: true })
      expect(await budgets.spend('ai', 'p', spend(4))).toMatchObject({ accepted: false })
      expect(await budgets.spend('ai', 'p', spend(1))).toMatchObject({ accepted: true })
      bench.clock.advance(2 * dayMs)
      expect(await budgets.usage('ai', 'p')).toMatchObject({ used: 0, remaining: 5 })
      await budgets.spend('ai', 'p', spend(2))
      const history = await allOf((page) => budgets.history('ai', 'p', page), 1)
      expect(history).toEqual([
        { month: '2025-04', used: 7, entries: 3 },
        { month: '2025-03', used: 5, entries: 1 },
      ])
      await budgets.setLimit('ai', 'p', { limit: 8, period: 'month' })
      expect(await budgets.usage('ai', 'p')).toMatchObject({ used: 7, remaining: 1 })
    })

    it('gives back what was not needed, once', async () => {
      await budgets.setLimit('ai', 'p', { limit: 10, period: 'month' })
      await budgets.spend('ai', 'p', spend(10, 'k'))
      const refund = { idempotencyKey: 'k', refunded: 4 }
      await Promise.all([budgets.refund('ai', 'p', refund), store(1).refund('ai', 'p', refund)])
      expect(await budgets.usage('ai', 'p')).toMatchObject({ used: 6 })
      expect(await budgets.usage('ai', null)).toMatchObject({ used: 6 })
      expect(await budgets.refund('ai', 'p', { ...refund, refunded: 5 })).toMatchObject({
        refunded: 5,
      })
      expect(await budgets.usage('ai', 'p')).toMatchObject({ used: 5, remaining: 5 })
      for (const refunded of [4, 11]) {
        await expect(
          budgets.refund('ai', 'p', { idempotencyKey: 'k', refunded }),
        ).rejects.toMatchObject({ code: 'INVALID_INPUT' })
      }
      await expect(
        budgets.refund('ai', 'p', { idempotencyKey: 'none', refunded: 1 }),
      ).rejects.toMatchObject({ code: 'NOT_FOUND' })
    })

    it('refuses what is no amount, and changes nothing', async () => {
      for (const amount of [0, -1, 0.5, Number.NaN, 2 ** 53]) {
        await expect((async () => budgets.spend('ai', 'p', spend(amount)))()).rejects.toMatchObject(
          {
            code: 'INVALID_INPUT',
          },
        )
      }
      await expect((async () => budgets.spend('ai', '', spend(1)))()).rejects.toMatchObject({
        code: 'INVALID_INPUT',
      })
      expect((await bench.records('budget_store', tenant)).size).toBe(0)
    })
  })
}
