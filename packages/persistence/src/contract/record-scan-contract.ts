import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { fixedClock, testTenant } from '@heirloom/testkit'
import type { TenantId } from '@heirloom/tenancy'
import type { OpenBackend } from '../backends/backend.js'
import { keyLayouts } from '../layouts/store-layout.js'
import { tabularLayout } from '../layouts/tabular.js'
import type { ScannedRecord, ScanRange } from '../ports/record-scan.js'
import type { BackendRig, RunningBackend } from './backend-rig.js'

const partitions = 7
const recordsPerPartition = 9

/** What a scan promises to whoever moves data, whichever backend it moves from or to. */
export function recordScanContract(rig: BackendRig): void {
  describe(`scan on ${rig.type}`, () => {
    const clock = fixedClock()
    const layout = keyLayouts(tabularLayout)[rig.type]
    let running: RunningBackend
    let backend: OpenBackend
    let tenant: TenantId

    beforeAll(async () => {
      running = await rig.start(clock.now)
      backend = running.open()
    })
    afterAll(async () => {
      await backend.close()
      await running.stop()
    })
    beforeEach(() => {
      tenant = testTenant().tenantId
    })

    const tables = backendTables()
    function backendTables(): (of: TenantId) => ReturnType<OpenBackend['records']['for']> {
      return (of) => backend.records.for(of, layout)
    }

    async function fill(of: TenantId): Promise<readonly string[]> {
      const keys: string[] = []
      for (let p = 0; p < partitions; p += 1) {
        const pk = `table#t%23${p}`
        const writes = Array.from({ length: recordsPerPartition }, (_, n) => {
          keys.push(`${pk}/row ${n}#ü`)
          return { op: 'put', sk: `row ${n}#ü`, value: { p, n } } as const
        })
        await tables(of).transact(pk, writes)
      }
      return keys.sort()
    }

    async function scanAll(range: Partial<ScanRange> = {}): Promise<readonly ScannedRecord[]> {
      const records: ScannedRecord[] = []
      let token: string | null = null
      do {
        const page = await backend.records.scan(
          {
            tenant,
            prefixes: ['table#'],
            limit: 10,
            ...range,
            ...(token === null ? {} : { token }),
          },
          layout,
        )
        expect(page.records.length).toBeLessThanOrEqual(10)
        records.push(...page.records)
        token = page.next
      } while (token !== null)
      return records
    }

    const keysOf = (records: readonly ScannedRecord[]): readonly string[] =>
      [...new Set(records.map(({ pk, sk }) => `${pk}/${sk}`))].sort()

    it('shows every record of the tenant as it is read by its key, and none of another', async () => {
      const other = testTenant().tenantId
      await fill(other)
      const keys = await fill(tenant)
      const records = await scanAll()
      expect(keysOf(records)).toEqual(keys)
      for (const { pk, tenant: owner, ...record } of records) {
        expect(owner).toBe(tenant)
        expect(await tables(tenant).get(pk, record.sk)).toEqual(record)
      }
    })

    it('finds nothing where nothing is', async () => {
      expect(await scanAll()).toEqual([])
    })

    it('shows only partitions with one of the prefixes', async () => {
      await fill(tenant)
      await tables(tenant).put('table#u', 'k', {})
      expect(keysOf(await scanAll({ prefixes: ['table#u', 'table#none'] }))).toEqual(['table#u/k'])
      const some = await scanAll({ prefixes: ['table#t%231', 'table#u'] })
      expect(keysOf(some)).toHaveLength(recordsPerPartition + 1)
    })

    it('shows the records of every tenant when none is named', async () => {
      const other = testTenant().tenantId
      const keys = await fill(tenant)
      await fill(other)
      const records = await scanAll({ tenant: null })
      for (const one of [tenant, other]) {
        expect(keysOf(records.filter((record) => record.tenant === one))).toEqual(keys)
      }
    })

    it('hides what has expired', async () => {
      await tables(tenant).put('table#a', 'gone', {}, { expiresAt: new Date(clock.now() + 1_000) })
      const later = new Date(clock.now() + 3_600_000)
      await tables(tenant).put('table#a', 'there', {}, { expiresAt: later })
      clock.advance(2_000)
      expect(await scanAll()).toMatchObject([{ pk: 'table#a', sk: 'there', expiresAt: later }])
    })

    it('misses no record that stays, however many are written and removed meanwhile', async () => {
      const keys = await fill(tenant)
      const table = tables(tenant)
      let token: string | null = null
      const seen: ScannedRecord[] = []
      for (let step = 0; step === 0 || token !== null; step += 1) {
        const page: Awaited<ReturnType<OpenBackend['records']['scan']>> =
          await backend.records.scan(
            { tenant, prefixes: ['table#'], limit: 5, ...(token === null ? {} : { token }) },
            layout,
          )
        seen.push(...page.records)
        token = page.next
        await table.put(`table#new${step}`, 'k', {})
        await table.delete(`table#new${step - 1}`, 'k')
        await table.put('table#t%233', `row ${step}#new`, {})
      }
      expect(keysOf(seen)).toEqual(expect.arrayContaining([...keys]))
    })

    it('goes on in another process from the same token', async () => {
      const keys = await fill(tenant)
      const range = { tenant, prefixes: ['table#'], limit: 10 }
      const first = await backend.records.scan(range, layout)
      const another = running.open()
      const seen = [...first.records]
      let token = first.next
      while (token !== null) {
        const page = await another.records.scan({ ...range, token }, layout)
        seen.push(...page.records)
        token = page.next
      }
      expect(keysOf(seen)).toEqual(keys)
      await another.close()
    })

    it('refuses a token that is malformed or of another range, and a limit out of bounds', async () => {
      await fill(tenant)
      const range = { tenant, prefixes: ['table#'], limit: 10 }
      const { next } = await backend.records.scan(range, layout)
      expect(next).not.toBeNull()
      for (const wrong of [
        { ...range, token: 'garbage' },
        { ...range, prefixes: ['other'], token: next ?? '' },
        { ...range, tenant: testTenant().tenantId, token: next ?? '' },
      ]) {
        await expect(backend.records.scan(wrong, layout)).rejects.toMatchObject({
          code: 'CURSOR_INVALID',
        })
      }
      for (const limit of [0, 1_001, 1.5]) {
        await expect(backend.records.scan({ ...range, limit }, layout)).rejects.toMatchObject({
          code: 'INVALID_INPUT',
        })
      }
      await expect(backend.records.scan({ ...range, prefixes: [] }, layout)).rejects.toMatchObject({
        code: 'INVALID_INPUT',
      })
    })
  })
}
