import type { MetricDimension, MetricDimensions } from '@heirloom/persistence'
import type {
  MetricDimensionsInput,
  MetricDimensionsResolvers,
  MutationResolvers,
  QueryResolvers,
} from '../../generated/resolvers.js'
import { lower } from '../enum-names.js'
import { pageRequest, storePage } from '../store-page.js'

export const metricQueries: Pick<QueryResolvers, 'metricCounts' | 'metricPoints'> = {
  metricCounts: async (_parent, args, { scope }) => {
    const { metric, from, to, resolution, where, groupBy } = args
    const counts = await scope.stores.metrics().counts(metric, {
      from,
      to,
      resolution: lower(resolution ?? 'DAY'),
      where: dimensionsOf(where),
      groupBy: (groupBy ?? []).map(lower),
    })
    return [...counts]
  },
  metricPoints: (_parent, { metric, from, to, ...args }, { scope }) =>
    storePage(scope.stores.metrics().points(metric, { from, to }, pageRequest(args))),
}

export const metricMutations: Pick<MutationResolvers, 'recordMetric'> = {
  recordMetric: async (_parent, { input: { metric, points } }, { scope }) => {
    const now = new Date(scope.now())
    const recorded = await scope.stores.metrics().record(
      metric,
      points.map(({ id, at, value, dimensions }) => ({
        id,
        at: at ?? now,
        value: value ?? 1,
        dimensions: dimensionsOf(dimensions),
      })),
    )
    return { recorded }
  },
}

export const metricDimensionsResolvers: MetricDimensionsResolvers = {
  app: ({ app }) => app ?? null,
  surface: ({ surface }) => surface ?? null,
  utmSource: (dimensions) => dimensions.utm_source ?? null,
  utmMedium: (dimensions) => dimensions.utm_medium ?? null,
  utmCampaign: (dimensions) => dimensions.utm_campaign ?? null,
  utmTerm: (dimensions) => dimensions.utm_term ?? null,
  utmContent: (dimensions) => dimensions.utm_content ?? null,
}

function dimensionsOf(given: MetricDimensionsInput | null | undefined): MetricDimensions {
  const named: Readonly<Record<MetricDimension, string | null | undefined>> = {
    app: given?.app,
    surface: given?.surface,
    utm_source: given?.utmSource,
    utm_medium: given?.utmMedium,
    utm_campaign: given?.utmCampaign,
    utm_term: given?.utmTerm,
    utm_content: given?.utmContent,
  }
  const entries = Object.entries(named).filter(([, value]) => typeof value === 'string')
  return Object.fromEntries(entries)
}
