/**
 * Measurements of a project in a mode, over a RecordTable (keys: layouts/metrics.ts): raw points,
 * and counts per hour and combination of dimensions. One partition holds one metric's day.
 *
 * A point and the bucket that counts it are written in one transact, the point on condition that it
 * is not there yet: so each point is counted once, however often it is sent. Buckets are spread over
 * shards, of which a writer takes one at random, so that writers of a busy series seldom meet;
 * readers add the shards up.
 */
import { AppError } from '@heirloom/errors'
import { metricsLayout } from '../layouts/metrics.js'
import { recordKeys } from '../layouts/store-layout.js'
import type { RecordTable, TableRecord, Write } from '../ports/record-table.js'
import { tryTransact, untilWritten, type StoreOptions } from './contention.js'
import { identifier, instant, invalid, oneOf } from './input.js'
import {
  addPoints,
  checkDimensions,
  dayMs,
  dayOf,
  hourMs,
  hourOf,
  readBucket,
  seriesOf,
  summarize,
  writeBucket,
  type Bucket,
} from './metrics-buckets.js'
import {
  metricDimensions,
  metricResolutions,
  type MetricPoint,
  type MetricsScope,
  type MetricsStore,
} from './metrics-types.js'
import { numberField, objectField, textField } from './record-fields.js'
import { eachPage, readPage } from './record-page.js'
import { timestampPart } from './timed-id.js'

export interface MetricsOptions extends StoreOptions {
  /** How long raw points are kept; for ever unless told. Counts are kept in any case. */
  readonly keepPointsMs?: number
}

export const metricsKeys = {
  point: recordKeys(metricsLayout.records.point),
  bucket: recordKeys(metricsLayout.records.bucket),
}
const keys = metricsKeys

const shards = 8
const maxPoints = 500
const maxBatchPoints = 40
const maxDays = 400
const maxBuckets = 100_000

export function createMetricsStore(
  table: RecordTable,
  scope: MetricsScope,
  options: MetricsOptions = {},
): MetricsStore {
  const random = options.random ?? Math.random
  const { mode } = scope
  const project_id = identifier(scope.projectId, 'the project id')

  function partition(metric: string, day: string): string {
    return keys.point.pk({ mode, project_id, metric: identifier(metric, 'the metric'), day })
  }

  /** How many of them were new. They are of one partition, and differ in time or id. */
  async function recordBatch(pk: string, batch: readonly MetricPoint[]): Promise<number> {
    let missing = batch
    return untilWritten('this metric', options.random, async () => {
      if (missing.length === 0) return { added: 0 }
      const shard = String(Math.floor(random() * shards))
      const groups = await Promise.all(
        bySeries(missing).map(async (points) => {
          const sk = bucketSk(points, shard)
          return { points, sk, found: await table.get(pk, sk) }
        }),
      )
      const writes = [
        ...missing.map((point) => pointWrite(point, options.keepPointsMs)),
        ...groups.map(({ points, sk, found }) => bucketWrite(points, sk, found)),
      ]
      if (await tryTransact(table, pk, writes)) return { added: missing.length }
      const there = await Promise.all(missing.map((point) => table.get(pk, pointSk(point))))
      missing = missing.filter((_, index) => there[index] === null)
      return null
    }).then(({ added }) => added)
  }

  async function* buckets(metric: string, fromMs: number, toMs: number): AsyncGenerator<Bucket> {
    let read = 0
    for (const day of daysOf(fromMs, toMs)) {
      for await (const page of eachPage(table, partition(metric, day), keys.bucket.prefix({}))) {
        read += page.length
        if (read > maxBuckets) {
          throw new AppError('PAYLOAD_TOO_LARGE', 'too much was counted then: ask for less time')
        }
        for (const record of page) {
          const bucket = readBucket(record.value)
          if (bucket.hour >= hourOf(fromMs) && bucket.hour < hourOf(toMs)) yield bucket
        }
      }
    }
  }

  return {
    record: async (metric, points) => {
      if (points.length > maxPoints) {
        throw new AppError('PAYLOAD_TOO_LARGE', `at most ${maxPoints} points are recorded at once`)
      }
      const checked = new Map(points.map(checkPoint).map((point) => [pointSk(point), point]))
      const { maxTransactItems } = table.capabilities
      const size = Math.max(1, Math.min(maxBatchPoints, Math.floor(maxTransactItems / 2)))
      let added = 0
      for (const [day, ofDay] of grouped([...checked.values()], (p) => dayOf(p.at.getTime()))) {
        for (let first = 0; first < ofDay.length; first += size) {
          added += await recordBatch(partition(metric, day), ofDay.slice(first, first + size))
        }
      }
      return added
    },
    counts: async (metric, query) => {
      const { fromMs, toMs } = checkRange(query)
      oneOf(metricResolutions, query.resolution, 'the resolution')
      const where = checkDimensions(query.where ?? {})
      const groupBy = (query.groupBy ?? []).map((name) => oneOf(metricDimensions, name, 'groupBy'))
      const firstHour = fromMs - (fromMs % hourMs)
      const endHour = Math.ceil(toMs / hourMs) * hourMs
      const found: Bucket[] = []
      for await (const bucket of buckets(metric, firstHour, endHour)) found.push(bucket)
      return summarize(found, { ...query, where, groupBy })
    },
    points: async (metric, range, { limit, token }) => {
      const { fromMs, toMs } = checkRange(range)
      const days = daysOf(fromMs, toMs)
      const place = readToken(token, days)
      const day = days[place.at]
      if (day === undefined) return { items: [], next: null }
      const prefix = keys.point.prefix({})
      const before = prefix + timestampPart(toMs)
      const inner = { limit, token: place.inner }
      const page = await readPage(
        table,
        partition(metric, day),
        { prefix, before },
        inner,
        readPoint,
      )
      const next =
        page.next === null ? { at: place.at + 1, inner: null } : { at: place.at, inner: page.next }
      const ended = next.at >= days.length
      return {
        items: page.items.filter(({ at }) => at.getTime() >= fromMs),
        next: ended ? null : writeToken(days, next),
      }
    },
  }
}

interface Place {
  readonly at: number
  readonly inner: string | null
}

/** A day and, within it, a page of it. */
function writeToken(days: readonly string[], { at, inner }: Place): string {
  return Buffer.from(JSON.stringify([days[at] ?? '', inner])).toString('base64url')
}

function readToken(token: string | null | undefined, days: readonly string[]): Place {
  if (token === null || token === undefined) return { at: 0, inner: null }
  try {
    const parsed: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'))
    const [day, inner]: readonly unknown[] = Array.isArray(parsed) ? parsed : []
    const at = days.findIndex((candidate) => candidate === day)
    if (at >= 0 && (inner === null || typeof inner === 'string')) return { at, inner }
  } catch (cause) {
    throw new AppError('CURSOR_INVALID', 'this page token cannot be read', { cause })
  }
  throw new AppError('CURSOR_INVALID', 'this page token belongs to another query')
}

function checkRange({ from, to }: { readonly from: Date; readonly to: Date }): {
  fromMs: number
  toMs: number
} {
  const fromMs = instant(from, 'the start').getTime()
  const toMs = instant(to, 'the end').getTime()
  if (fromMs >= toMs) throw invalid('the start must lie before the end')
  if (toMs - fromMs > maxDays * dayMs)
    throw invalid(`at most ${maxDays} days are asked for at once`)
  return { fromMs, toMs }
}

function daysOf(fromMs: number, toMs: number): readonly string[] {
  const days: string[] = []
  for (let timeMs = fromMs - (fromMs % dayMs); timeMs < toMs; timeMs += dayMs) {
    days.push(dayOf(timeMs))
  }
  return days
}

function checkPoint(point: MetricPoint): MetricPoint {
  if (!Number.isFinite(point.value)) throw invalid('the value must be a finite number')
  return {
    id: identifier(point.id, 'the id of a point'),
    at: instant(point.at, 'the time of a point'),
    value: point.value,
    dimensions: checkDimensions(point.dimensions),
  }
}

function bySeries(points: readonly MetricPoint[]): readonly (readonly MetricPoint[])[] {
  const hourAndSeries = ({ at, dimensions }: MetricPoint): string =>
    `${hourOf(at.getTime())} ${seriesOf(dimensions)}`
  return [...grouped(points, hourAndSeries).values()]
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item])
  return groups
}

function pointSk(point: MetricPoint): string {
  return keys.point.sk({ ts: timestampPart(point.at.getTime()), point_id: point.id })
}

function pointWrite(point: MetricPoint, keepMs: number | undefined): Write {
  const at = point.at.getTime()
  return {
    op: 'put',
    sk: pointSk(point),
    value: {
      point_id: point.id,
      at,
      value: point.value,
      dimensions: point.dimensions,
    },
    expect: 'absent',
    expiresAt: keepMs === undefined ? null : new Date(at + keepMs),
  }
}

function readPoint({ value }: TableRecord): MetricPoint {
  return {
    id: textField(value, 'point_id'),
    at: new Date(numberField(value, 'at')),
    value: numberField(value, 'value'),
    dimensions: objectField(value, 'dimensions'),
  }
}

function bucketSk(points: readonly MetricPoint[], shard: string): string {
  const [first] = points
  const timeMs = first?.at.getTime() ?? 0
  return keys.bucket.sk({ hour: hourOf(timeMs), series: seriesOf(first?.dimensions ?? {}), shard })
}

function bucketWrite(points: readonly MetricPoint[], sk: string, found: TableRecord | null): Write {
  const before = found === null ? null : readBucket(found.value)
  const [first] = points
  const bucket: Bucket = {
    hour: hourOf(first?.at.getTime() ?? 0),
    dimensions: first?.dimensions ?? {},
    ...addPoints(before, points),
  }
  const expect = found === null ? 'absent' : { version: found.version }
  return { op: 'put', sk, value: writeBucket(bucket), expect }
}
