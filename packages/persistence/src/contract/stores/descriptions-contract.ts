import { beforeEach, describe, expect, it } from 'vitest'
import type { TenantId } from '@heirloom/tenancy'
import { createAttributionStore } from '../../stores/attribution.js'
import { createMediaOutputStore, type NewMediaOutput } from '../../stores/media-output.js'
import { createSeoConfigStore, type NewSeoConfig } from '../../stores/seo-config.js'
import { allOf, newTenant, type StoreContract } from './store-bench.js'

const by = 'user:1'

async function expectInvalid(calls: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(calls)) {
    expect(result).toMatchObject({ status: 'rejected', reason: { code: 'INVALID_INPUT' } })
  }
}

export const attributionContract: StoreContract = (bench) => {
  describe('attribution_store', () => {
    let tenant: TenantId
    beforeEach(() => {
      tenant = newTenant()
    })
    const store = () =>
      createAttributionStore(bench.table('attribution_store', tenant), { now: bench.clock.now })

    it('keeps a contract per platform, and marks links by it', async () => {
      const utmTemplate = { utm_source: 'mail', utm_campaign: '{campaign}-{year}' }
      const saved = await store().save({ platform: 'news#letter', utmTemplate, note: 'n' }, by)
      expect(await store().get('news#letter')).toEqual(saved)
      const values = { campaign: 'Frühling & Co', year: '2025', unused: 'x' }
      const link = await store().mark(
        'news#letter',
        'https://a.example/x?utm_source=old&b=1#c',
        values,
      )
      expect(new URL(link).searchParams.get('utm_campaign')).toBe('Frühling & Co-2025')
      expect(link).toMatch(/^https:\/\/a\.example\/x\?utm_source=mail&b=1&utm_campaign=.*#c$/)
      await store().save({ platform: 'x', utmTemplate: { utm_source: 'x' } }, by)
      const all = await allOf((page) => store().list(page), 1)
      expect(all.map(({ platform }) => platform)).toEqual(['news#letter', 'x'])
      await store().delete('x')
      await expect(store().mark('x', 'https://a.example', {})).rejects.toMatchObject({
        code: 'NOT_FOUND',
      })
    })

    it('refuses what is no template, no link, and values that are missing', async () => {
      const save = (utmTemplate: object) => store().save({ platform: 'x', utmTemplate }, by)
      await expectInvalid([
        save({}),
        save({ utm_sauce: 'x' }),
        save({ utm_source: 1 }),
        save({ utm_source: '{' }),
        save({ utm_source: '{A B}' }),
      ])
      expect((await bench.records('attribution_store', tenant)).size).toBe(0)
      await save({ utm_source: '{constructor}' })
      await expectInvalid([
        store().mark('x', 'https://a.example', {}),
        store().mark('x', 'javascript:alert(1)', { constructor: 'x' }),
        store().mark('x', 'nonsense', { constructor: 'x' }),
      ])
    })
  })
}

export const seoConfigContract: StoreContract = (bench) => {
  describe('seo_config_store', () => {
    let tenant: TenantId
    beforeEach(() => {
      tenant = newTenant()
    })
    const store = () =>
      createSeoConfigStore(bench.table('seo_config_store', tenant), { now: bench.clock.now })
    const config = (given: Partial<NewSeoConfig>): NewSeoConfig => ({
      surfaceId: null,
      locale: null,
      page: '*',
      title: 'T',
      description: null,
      keywords: ['a'],
      canonicalUrl: 'https://a.example/',
      robots: 'noindex, nofollow',
      openGraph: { 'og:title': 'T' },
      structuredData: { '@type': 'Person' },
      ...given,
    })

    it('finds the config that holds for a page, on a surface, in a language', async () => {
      const page = { surfaceId: 'kiosk', locale: 'de-AT', page: '/a#b' }
      expect(await store().find(page)).toBeNull()
      for (const given of [
        {},
        { locale: 'de-AT' },
        { surfaceId: 'kiosk' },
        { page: '/a#b' },
        { page: '/a#b', locale: 'de-at' },
        { page: '/a#b', surfaceId: 'kiosk' },
        { ...page },
      ]) {
        const saved = await store().save(config(given), by)
        expect(await store().find(page)).toEqual(saved)
        expect(await store().get({ surfaceId: null, locale: null, page: '*', ...given })).toEqual(
          saved,
        )
      }
      expect(await allOf((request) => store().list('kiosk', request), 1)).toHaveLength(3)
      await store().delete(page)
      await store().delete(page)
      expect(await store().get(page)).toBeNull()
    })

    it('refuses what no search engine is to be told', async () => {
      const save = (given: Partial<NewSeoConfig>) => store().save(config(given), by)
      await expectInvalid([
        save({ page: 'a' }),
        save({ locale: 'not a language' }),
        save({ surfaceId: 'global' }),
        save({ canonicalUrl: 'javascript:alert(1)' }),
        save({ robots: '<script>' }),
        save({ title: 'x'.repeat(201) }),
        save({ openGraph: { '"><script>': 'x' } }),
        save({ keywords: Array.from({ length: 51 }, () => 'x') }),
      ])
      expect((await bench.records('seo_config_store', tenant)).size).toBe(0)
    })
  })
}

export const mediaOutputContract: StoreContract = (bench) => {
  describe('media_output_store', () => {
    let tenant: TenantId
    beforeEach(() => {
      tenant = newTenant()
    })
    const store = (process: 0 | 1 = 0) => {
      const table = bench.table('media_output_store', tenant, process)
      return createMediaOutputStore(table, { projectId: 'p#1' }, { now: bench.clock.now })
    }
    const output: NewMediaOutput = {
      assetId: 'm#1',
      id: 'poster#1',
      kind: 'poster',
      mime: 'image/webp',
      sizeBytes: 12_345,
      sha256: 'ab'.repeat(32),
      objectKey: 'outputs/m/poster.webp',
      width: 640,
    }

    it('keeps type, size and checksum of each output, which never changes', async () => {
      const [saved] = await Promise.all([store().record(output), store(1).record(output)])
      expect(saved).toMatchObject({ ...output, height: null, durationMs: null })
      expect(await store().get('m#1', 'poster#1')).toEqual(saved)
      bench.clock.advance(1)
      expect(await store().record({ ...output, kind: 'other' })).toEqual(saved)
      const other = { ...output, sha256: 'cd'.repeat(32) }
      await expect(store().record(other)).rejects.toMatchObject({ code: 'CHECKSUM_MISMATCH' })
      await store().record({ ...other, id: 'hls' })
      await store().record({ ...other, assetId: 'm' })
      const listed = await allOf((page) => store().list('m#1', page), 1)
      expect(listed.map(({ id }) => id)).toEqual(['hls', 'poster#1'])
      await store().delete('m#1', 'poster#1')
      await store().delete('m#1', 'poster#1')
      expect(await store().get('m#1', 'poster#1')).toBeNull()
    })

    it('refuses what describes no file', async () => {
      const record = (given: Partial<NewMediaOutput>) => store().record({ ...output, ...given })
      await expectInvalid([
        record({ mime: 'webp' }),
        record({ mime: 'image/webp; charset=x' }),
        record({ sizeBytes: -1 }),
        record({ sizeBytes: 0.5 }),
        record({ sha256: 'AB'.repeat(32) }),
        record({ sha256: 'ab' }),
        record({ id: '' }),
        record({ width: -1 }),
      ])
      expect((await bench.records('media_output_store', tenant)).size).toBe(0)
    })
  })
}
