import * as fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import type { TenantId } from '@heirloom/tenancy'
import { createTabularStore, type TabularStore } from '../../stores/tabular.js'
import { allOf, newTenant, type StoreContract } from './store-bench.js'

export const tabularContract: StoreContract = (bench) => {
  describe('tabular_store', () => {
    let tenant: TenantId
    let tables: TabularStore

    beforeEach(() => {
      tenant = newTenant()
      tables = store()
    })

    function store(): TabularStore {
      const table = bench.table('tabular_store', tenant)
      return createTabularStore(table, { now: bench.clock.now })
    }

    it('writes, reads and removes rows of tables', async () => {
      const row = await tables.upsert('policies', 'policy_v1#x/y', { rules: [1, { a: null }] })
      expect(await tables.get('policies', 'policy_v1#x/y')).toEqual(row)
      expect(await tables.get('other', 'policy_v1#x/y')).toBeNull()
      await tables.upsert('policies', 'policy_v1#x/y', { rules: [] })
      expect(await tables.get('policies', 'policy_v1#x/y')).toMatchObject({ data: { rules: [] } })
      await tables.delete('policies', 'policy_v1#x/y')
      await tables.delete('policies', 'policy_v1#x/y')
      expect(await tables.get('policies', 'policy_v1#x/y')).toBeNull()
    })

    it('writes and removes on condition that a row is as it was seen', async () => {
      const first = await tables.upsert('t', 'k', { n: 1 }, { expect: 'absent' })
      const again = tables.upsert('t', 'k', { n: 2 }, { expect: 'absent' })
      await expect(again).rejects.toMatchObject({ code: 'CONFLICT' })
      const second = await tables.upsert('t', 'k', { n: 2 }, { expect: { version: first.version } })
      const old = { expect: { version: first.version } }
      await expect(tables.upsert('t', 'k', { n: 3 }, old)).rejects.toMatchObject({
        code: 'CONFLICT',
      })
      await expect(tables.delete('t', 'k', old)).rejects.toMatchObject({ code: 'CONFLICT' })
      expect(await tables.get('t', 'k')).toMatchObject({ data: { n: 2 } })
      await tables.delete('t', 'k', { expect: { version: second.version } })
    })

    it('lists just the keys with a prefix, in the order of their bytes, page by page', async () => {
      const character = fc.constantFrom('a', 'b', '#', '%', '2', '3', '/', 'ä', '😀', '~', '_', ' ')
      const key = fc.string({ unit: character, minLength: 1, maxLength: 4 })
      await fc.assert(
        fc.asyncProperty(
          fc.uniqueArray(key, { minLength: 1, maxLength: 12 }),
          fc.string({ unit: character, maxLength: 2 }),
          fc.integer({ min: 1, max: 5 }),
          async (keys, prefix, limit) => {
            tenant = newTenant()
            const rows = store()
            for (const one of keys) await rows.upsert('t', one, { key: one })
            await rows.upsert('t2', 'a', {})
            const listed = await allOf((page) => rows.listByPrefix('t', prefix, page), limit)
            const expected = keys
              .filter((one) => one.startsWith(prefix))
              .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
            expect(listed.map((row) => row.key)).toEqual(expected)
            expect(listed.map(({ data }) => data['key'])).toEqual(expected)
          },
        ),
        { numRuns: 8 },
      )
    })

    it('forgets a row at its expiry', async () => {
      const expiresAt = new Date(bench.clock.now() + 1_000)
      expect(await tables.upsert('t', 'k', {}, { expiresAt })).toMatchObject({ expiresAt })
      bench.clock.advance(1_000)
      expect(await tables.get('t', 'k')).toBeNull()
      expect(await allOf((page) => tables.listByPrefix('t', '', page))).toEqual([])
      await tables.upsert('t', 'k', {}, { expect: 'absent' })
    })

    it('refuses what is no table, key or row, and changes nothing', async () => {
      const wrong = [
        ...['', '1t', 't#u', '../t', 't/u', '__t__', 'x'.repeat(64)].map((table) =>
          tables.upsert(table, 'k', {}),
        ),
        ...['', 'k\0', '\uD800', 'x'.repeat(257)].map((key) => tables.upsert('t', key, {})),
        tables.upsert('t', 'k', null as never),
        tables.upsert('t', 'k', { n: Number.NaN }),
        tables.listByPrefix('t', '', { limit: 0 }),
      ]
      for (const result of await Promise.allSettled(wrong)) {
        expect(result).toMatchObject({ status: 'rejected', reason: { code: 'INVALID_INPUT' } })
      }
      const huge = tables.upsert('t', 'k', { text: 'x'.repeat(17 * 1_048_576) })
      await expect(huge).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
      expect((await bench.records('tabular_store', tenant)).size).toBe(0)
    })
  })
}
