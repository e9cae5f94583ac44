import * as fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { AppError } from '@heirloom/errors'
import type { TenantId } from '@heirloom/tenancy'
import { createConfigStore, findConfig, type ConfigStore } from '../../stores/config.js'
import { allOf, newTenant, type StoreContract } from './store-bench.js'

const by = 'user:1'

export const configContract: StoreContract = (bench) => {
  describe('config_store', () => {
    let tenant: TenantId
    let configs: ConfigStore

    beforeEach(() => {
      tenant = newTenant()
      configs = store()
    })

    function store(process: 0 | 1 = 0): ConfigStore {
      const table = bench.table('config_store', tenant, process)
      return createConfigStore(table, 'tenant', { now: bench.clock.now })
    }

    it('numbers versions from 1, keeps each as it was, and knows the latest', async () => {
      expect(await configs.latest(null)).toBeNull()
      const first = await configs.save(null, { payload: { theme: 'dark' }, savedBy: by }, 0)
      expect(first).toMatchObject({ version: 1, payload: { theme: 'dark' }, savedBy: by })
      const second = await configs.save(null, { payload: { theme: 'light' }, savedBy: by }, 1)
      const third = await configs.save(null, { payload: {}, savedBy: 'user:2' }, null)
      expect(await configs.latest(null)).toEqual(third)
      expect(await configs.version(null, 1)).toEqual(first)
      expect(await configs.version(null, 4)).toBeNull()
      expect(await allOf((page) => configs.versions(null, page))).toEqual([third, second, first])
      const restored = await configs.restore(null, { version: 1, savedBy: by }, 3)
      expect(restored).toMatchObject({ version: 4, payload: { theme: 'dark' } })
    })

    it('refuses a writer who has not seen the latest, and tells which it is', async () => {
      await configs.save('s#1', { payload: { n: 1 }, savedBy: by }, 0)
      for (const expected of [0, 2]) {
        await expect(
          configs.save('s#1', { payload: { n: 2 }, savedBy: by }, expected),
        ).rejects.toMatchObject({ code: 'STALE_REVISION', details: { expected, current: 1 } })
      }
      expect(await configs.latest('s#1')).toMatchObject({ version: 1, payload: { n: 1 } })
      await expect(configs.restore('s#1', { version: 9, savedBy: by }, null)).rejects.toMatchObject(
        { code: 'NOT_FOUND' },
      )
    })

    it('lets exactly one of several writers make each version, whoever they are', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 2, max: 5 }),
          fc.integer({ min: 1, max: 3 }),
          async (writers, rounds) => {
            tenant = newTenant()
            for (let round = 0; round < rounds; round += 1) {
              const results = await Promise.allSettled(
                Array.from({ length: writers }, (_, w) =>
                  store(w % 2 === 0 ? 0 : 1).save('s', { payload: { w }, savedBy: by }, round),
                ),
              )
              const saved = results.flatMap((one) =>
                one.status === 'fulfilled' ? [one.value] : [],
              )
              expect(saved.map(({ version }) => version)).toEqual([round + 1])
              const refusals = results.flatMap((one) =>
                one.status === 'rejected' ? [codeOf(one.reason)] : [],
              )
              expect(new Set(refusals)).toEqual(new Set(['STALE_REVISION']))
              expect(await store().latest('s')).toEqual(saved[0])
            }
          },
        ),
        { numRuns: 4 },
      )
    })

    it('loses no version of writers who overwrite', async () => {
      await Promise.all(
        Array.from({ length: 8 }, (_, n) =>
          store(n % 2 === 0 ? 0 : 1).save(null, { payload: { n }, savedBy: by }, null),
        ),
      )
      const all = await allOf((page) => configs.versions(null, page), 3)
      expect(all.map(({ version }) => version)).toEqual([8, 7, 6, 5, 4, 3, 2, 1])
      expect(new Set(all.map(({ payload }) => payload['n'])).size).toBe(8)
      expect(await configs.latest(null)).toEqual(all[0])
    })

    it('keeps surfaces apart, and finds what holds on one', async () => {
      const platform = createConfigStore(bench.table('config_store', newTenant()), 'tenant')
      const found = (surface: string | null): ReturnType<typeof findConfig> =>
        findConfig({ tenant: configs, system: platform }, surface)
      expect(await found('kiosk')).toBeNull()
      await platform.save(null, { payload: { from: 'system' }, savedBy: by }, 0)
      expect(await found('kiosk')).toMatchObject({ payload: { from: 'system' }, surfaceId: null })
      await platform.save('kiosk', { payload: { from: 'system kiosk' }, savedBy: by }, 0)
      expect(await found('kiosk')).toMatchObject({ surfaceId: 'kiosk' })
      await configs.save(null, { payload: { from: 'tenant' }, savedBy: by }, 0)
      expect(await found('kiosk')).toMatchObject({ payload: { from: 'tenant' } })
      await configs.save('kiosk', { payload: { from: 'kiosk' }, savedBy: by }, 0)
      expect(await found('kiosk')).toMatchObject({ payload: { from: 'kiosk' } })
      expect(await found(null)).toMatchObject({ payload: { from: 'tenant' }, scope: 'tenant' })
    })

    it('refuses what is no scope and no config', async () => {
      const save = (surface: string | null, payload: unknown, version = 0) =>
        (async () => configs.save(surface, { payload: payload as never, savedBy: by }, version))()
      const wrong = [
        save('global', {}),
        save('', {}),
        save('s', []),
        save('s', 'x'),
        save('s', {}, -1),
      ]
      for (const result of await Promise.allSettled(wrong)) {
        expect(result).toMatchObject({ status: 'rejected', reason: { code: 'INVALID_INPUT' } })
      }
      const table = bench.table('config_store', tenant)
      expect(() => createConfigStore(table, 'galaxy' as 'tenant')).toThrow('one of tenant, system')
      expect((await bench.records('config_store', tenant)).size).toBe(0)
    })
  })
}

function codeOf(reason: unknown): string {
  return reason instanceof AppError ? reason.code : String(reason)
}
