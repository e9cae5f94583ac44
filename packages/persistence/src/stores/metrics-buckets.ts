import type { JsonObject } from '../ports/record-table.js'
import { invalid } from './input.js'
import { jsonDigest } from './json-digest.js'
import {
  metricDimensions,
  type MetricCount,
  type MetricDimension,
  type MetricDimensions,
  type MetricPoint,
  type MetricQuery,
} from './metrics-types.js'
import { numberField, objectField, textField } from './record-fields.js'

export const hourMs = 3_600_000
export const dayMs = 24 * hourMs
const maxDimensionLength = 256
const isoDayLength = 10
const isoHourLength = 13
const seriesLength = 16

/** `2026-11-20` */
export function dayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, isoDayLength)
}

/** `2026-11-20T17` */
export function hourOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, isoHourLength)
}

/** The same for the same dimensions. */
export function seriesOf(dimensions: MetricDimensions): string {
  return jsonDigest(dimensions).slice(0, seriesLength)
}

/** @throws AppError INVALID_INPUT */
export function checkDimensions(given: MetricDimensions): MetricDimensions {
  const unknown = Object.keys(given).find((name) => !metricDimensions.some((d) => d === name))
  if (unknown !== undefined) throw invalid(`there is no dimension "${unknown.slice(0, 64)}"`)
  return Object.fromEntries(
    metricDimensions.flatMap((name) => {
      const value: unknown = given[name]
      if (value === undefined) return []
      if (typeof value === 'string' && value !== '' && value.length <= maxDimensionLength) {
        return [[name, value]]
      }
      throw invalid(`the dimension "${name}" is a text of 1 to ${maxDimensionLength} characters`)
    }),
  )
}

export interface Bucket {
  readonly hour: string
  readonly dimensions: MetricDimensions
  readonly count: number
  readonly sum: number
  readonly min: number
  readonly max: number
}

export function addPoints(
  before: Bucket | null,
  points: readonly MetricPoint[],
): Omit<Bucket, 'hour' | 'dimensions'> {
  const values = points.map((point) => point.value)
  const all = before === null ? values : [...values, before.min, before.max]
  return {
    count: (before?.count ?? 0) + values.length,
    sum: values.reduce((sum, value) => sum + value, before?.sum ?? 0),
    min: Math.min(...all),
    max: Math.max(...all),
  }
}

export function writeBucket(bucket: Bucket): JsonObject {
  return { ...bucket, dimensions: bucket.dimensions }
}

export function readBucket(value: JsonObject): Bucket {
  return {
    hour: textField(value, 'hour'),
    dimensions: objectField(value, 'dimensions'),
    count: numberField(value, 'count'),
    sum: numberField(value, 'sum'),
    min: numberField(value, 'min'),
    max: numberField(value, 'max'),
  }
}

/** Buckets put together as the query asks. */
export function summarize(buckets: Iterable<Bucket>, query: MetricQuery): readonly MetricCount[] {
  const { where = {}, groupBy = [] } = query
  const rows = new Map<string, MetricCount>()
  for (const bucket of buckets) {
    if (!fits(bucket.dimensions, where)) continue
    const start = startOf(bucket, query)
    const dimensions = pick(bucket.dimensions, groupBy)
    const key = JSON.stringify([start, groupBy.map((name) => dimensions[name] ?? null)])
    const row = rows.get(key)
    rows.set(key, {
      start: new Date(start),
      dimensions,
      count: (row?.count ?? 0) + bucket.count,
      sum: (row?.sum ?? 0) + bucket.sum,
      min: Math.min(row?.min ?? bucket.min, bucket.min),
      max: Math.max(row?.max ?? bucket.max, bucket.max),
    })
  }
  return [...rows].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, row]) => row)
}

function startOf({ hour }: Bucket, { resolution, from }: MetricQuery): string {
  if (resolution === 'hour') return `${hour}:00:00.000Z`
  if (resolution === 'day') return `${hour.slice(0, isoDayLength)}T00:00:00.000Z`
  return `${hourOf(from.getTime())}:00:00.000Z`
}

function fits(dimensions: MetricDimensions, where: MetricDimensions): boolean {
  return metricDimensions.every(
    (name) => where[name] === undefined || dimensions[name] === where[name],
  )
}

function pick(dimensions: MetricDimensions, names: readonly MetricDimension[]): MetricDimensions {
  return Object.fromEntries(
    names.flatMap((name) => (dimensions[name] === undefined ? [] : [[name, dimensions[name]]])),
  )
}
