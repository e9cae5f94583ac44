import * as fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import type { TenantId } from '@heirloom/tenancy'
import { createMetricsStore, type MetricsOptions } from '../../stores/metrics.js'
import type { MetricPoint, MetricsStore } from '../../stores/metrics-types.js'
import { allOf, newTenant, type StoreContract } from './store-bench.js'

const hourMs = 3_600_000
const start = Date.UTC(2025, 4, 1)
const range = { from: new Date(start), to: new Date(start + 72 * hourMs) }

export const metricsContract: StoreContract = (bench) => {
  describe('metrics_store', () => {
    let tenant: TenantId
    let metrics: MetricsStore

    beforeEach(() => {
      tenant = newTenant()
      metrics = store()
    })

    function store(process: 0 | 1 = 0, options: MetricsOptions = {}): MetricsStore {
      const table = bench.table('metrics_store', tenant, process)
      const scope = { mode: 'saas', projectId: 'p#1' } as const
      return createMetricsStore(table, scope, { now: bench.clock.now, ...options })
    }

    it('counts by hour, day and dimension what was recorded', async () => {
      await metrics.record('views', [
        point('1', 0, 2, { app: 'web', utm_source: 'mail' }),
        point('2', 1, 3, { app: 'web' }),
        point('3', 25, 5, { app: 'ios', utm_source: 'mail' }),
        point('4', 0.5, 7, { app: 'web', utm_source: 'mail' }),
        point('5', 80, 9, { app: 'web' }),
      ])
      const total = { ...range, resolution: 'total' } as const
      expect(await metrics.counts('views', total)).toEqual([
        { start: range.from, dimensions: {}, count: 4, sum: 17, min: 2, max: 7 },
      ])
      expect(
        await metrics.counts('views', { ...range, resolution: 'day', groupBy: ['app'] }),
      ).toEqual([
        { start: at(0), dimensions: { app: 'web' }, count: 3, sum: 12, min: 2, max: 7 },
        { start: at(24), dimensions: { app: 'ios' }, count: 1, sum: 5, min: 5, max: 5 },
      ])
      const byHour = await metrics.counts('views', {
        ...range,
        resolution: 'hour',
        where: { utm_source: 'mail' },
      })
      expect(byHour.map(({ start: hour, sum }) => [hour, sum])).toEqual([
        [at(0), 9],
        [at(25), 5],
      ])
      expect(await metrics.counts('other', total)).toEqual([])
      expect(await metrics.counts('views', { ...total, to: at(1) })).toMatchObject([{ sum: 9 }])
    })

    it('counts each point once, whoever sends it how often, and adds up exactly', async () => {
      const sent = fc.array(
        fc.record({
          id: fc.nat(15),
          hour: fc.nat(30),
          value: fc.integer({ min: -9, max: 9 }),
          app: fc.constantFrom('a', 'b'),
        }),
        { minLength: 1, maxLength: 25 },
      )
      await fc.assert(
        fc.asyncProperty(sent, async (given) => {
          tenant = newTenant()
          const unique = new Map(given.map((one) => [`${one.id} ${one.hour}`, one]))
          const points = [...unique.values()].map(({ id, hour, value, app }) =>
            point(`${id}`, hour, value, { app }),
          )
          const added = await Promise.all(
            [0, 1, 0].map((process, n) =>
              store(process === 0 ? 0 : 1).record('m', n === 1 ? points.toReversed() : points),
            ),
          )
          expect(added.reduce((sum, one) => sum + one, 0)).toBe(points.length)
          expect(await store().record('m', points)).toBe(0)
          const [counted] = await store().counts('m', { ...range, resolution: 'total' })
          expect(counted).toMatchObject({
            count: points.length,
            sum: points.reduce((sum, { value }) => sum + value, 0),
          })
          const raw = await allOf((page) => store().points('m', range, page), 4)
          const key = (one: MetricPoint): string => `${one.at.toISOString()} ${one.id}`
          expect(raw.map(key)).toEqual(points.map(key).toSorted())
        }),
        { numRuns: 4 },
      )
    })

    it('reads raw points of a range, without those before and after it', async () => {
      const points = [0, 10, 23.5, 24, 30, 71].map((hour, n) => point(`${n}`, hour, n, {}))
      await metrics.record('m', points)
      const of = async (from: number, to: number): Promise<readonly string[]> =>
        (await allOf((page) => metrics.points('m', { from: at(from), to: at(to) }, page), 1)).map(
          ({ id }) => id,
        )
      expect(await of(0, 72)).toEqual(['0', '1', '2', '3', '4', '5'])
      expect(await of(10, 24)).toEqual(['1', '2'])
      expect(await of(10.5, 30)).toEqual(['2', '3'])
      const { next } = await metrics.points('m', range, { limit: 1 })
      const later = { from: at(48), to: at(72) }
      await expect(metrics.points('m', later, { limit: 1, token: next })).rejects.toMatchObject({
        code: 'CURSOR_INVALID',
      })
      await expect(metrics.points('m', range, { limit: 1, token: 'x' })).rejects.toMatchObject({
        code: 'CURSOR_INVALID',
      })
    })

    it('forgets raw points after their time, and keeps what was counted', async () => {
      bench.clock.set(start)
      const brief = store(0, { keepPointsMs: 2 * hourMs })
      await brief.record('m', [point('1', 0, 1, {}), point('2', 1, 1, {})])
      bench.clock.set(start + 2 * hourMs)
      expect((await allOf((page) => brief.points('m', range, page))).map(({ id }) => id)).toEqual([
        '2',
      ])
      expect(await brief.counts('m', { ...range, resolution: 'total' })).toMatchObject([
        { count: 2 },
      ])
    })

    it('refuses what is no point and no range, and records nothing', async () => {
      const good = point('1', 0, 1, {})
      const wrong = [
        metrics.record('', [good]),
        metrics.record('m', [good, { ...good, id: '' }]),
        metrics.record('m', [{ ...good, value: Number.NaN }]),
        metrics.record('m', [{ ...good, at: new Date(Number.NaN) }]),
        metrics.record('m', [{ ...good, dimensions: { browser: 'x' } as never }]),
        metrics.record('m', [{ ...good, dimensions: { app: '' } }]),
        metrics.counts('m', { from: range.to, to: range.from, resolution: 'day' }),
        metrics.counts('m', { from: new Date(0), to: range.to, resolution: 'day' }),
        metrics.counts('m', { ...range, resolution: 'week' as 'day' }),
      ]
      for (const result of await Promise.allSettled(wrong)) {
        expect(result).toMatchObject({ status: 'rejected', reason: { code: 'INVALID_INPUT' } })
      }
      const many = Array.from({ length: 501 }, (_, n) => point(`${n}`, 0, 1, {}))
      await expect(metrics.record('m', many)).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
      expect((await bench.records('metrics_store', tenant)).size).toBe(0)
    })
  })
}

function at(hour: number): Date {
  return new Date(start + hour * hourMs)
}

function point(
  id: string,
  hour: number,
  value: number,
  dimensions: MetricPoint['dimensions'],
): MetricPoint {
  return { id, at: at(hour), value, dimensions }
}
