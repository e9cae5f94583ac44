import type { Mode } from '@heirloom/tenancy'
import type { Page, PageRequest } from './record-page.js'

/** Beside the tenant that the table is bound to. */
export interface MetricsScope {
  readonly mode: Mode
  readonly projectId: string
}

export const metricDimensions = [
  'app',
  'surface',
  'utm_source',
  'utm_medium',
  'utm_campaign',
  'utm_term',
  'utm_content',
] as const
export type MetricDimension = (typeof metricDimensions)[number]
export type MetricDimensions = { readonly [D in MetricDimension]?: string }

export interface MetricPoint {
  /** The writer's own; with the time it names the point within its metric. */
  readonly id: string
  readonly at: Date
  readonly value: number
  readonly dimensions: MetricDimensions
}

export const metricResolutions = ['hour', 'day', 'total'] as const
export type MetricResolution = (typeof metricResolutions)[number]

export interface MetricQuery {
  /** Included; counts are by the hour, so it is taken down to the hour (UTC). */
  readonly from: Date
  /** Excluded; taken up to the hour. */
  readonly to: Date
  readonly resolution: MetricResolution
  /** Only points with these values. */
  readonly where?: MetricDimensions
  /** One row per value of these; all in one row when none is named. */
  readonly groupBy?: readonly MetricDimension[]
}

export interface MetricCount {
  readonly start: Date
  readonly dimensions: MetricDimensions
  readonly count: number
  readonly sum: number
  readonly min: number
  readonly max: number
}

export interface MetricsStore {
  /**
   * Records points, each counted in the bucket of its hour in the same transaction. Safe to repeat:
   * a point of the same time and id is counted once, as long as raw points are kept; what a point
   * that is there already says now is ignored. Points of one call are not recorded all or none:
   * interrupted, repeat it. Resolves to how many were new.
   * @throws AppError INVALID_INPUT, PAYLOAD_TOO_LARGE for more than 500 points, TIMEOUT when too
   *   many writers contend
   */
  record(metric: string, points: readonly MetricPoint[]): Promise<number>

  /**
   * Counts by time and dimensions, by start and then by dimensions; nothing for times without
   * points. Days and hours are UTC. Buckets are read one after the other: points recorded meanwhile
   * are in the later ones.
   * @throws AppError INVALID_INPUT for more than 400 days, PAYLOAD_TOO_LARGE when there are too
   *   many buckets
   */
  counts(metric: string, query: MetricQuery): Promise<readonly MetricCount[]>

  /**
   * Raw points from a time up to, not including, another, by time. A page may have fewer than asked
   * for, or none, with more to come.
   * @throws AppError CURSOR_INVALID, INVALID_INPUT
   */
  points(
    metric: string,
    range: { readonly from: Date; readonly to: Date },
    page: PageRequest,
  ): Promise<Page<MetricPoint>>
}
