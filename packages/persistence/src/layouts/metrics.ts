import type { StoreLayout } from './store-layout.js'

/** A partition holds one metric's day, so that none grows for ever. */
export const metricsLayout = {
  records: {
    point: {
      pk: 'metric#{mode}#{project_id}#{metric}#{day}',
      sk: 'point#{ts}#{point_id}',
      dynamodb: 'metric#{tenant_id}#{mode}#{project_id}#{metric}#{day}',
      cosmos: {
        pk: 'metric#{tenant_id}#{mode}#{project_id}#{metric}#{day}',
        id: 'point#{ts}#{point_id}',
      },
      firestore:
        'metrics/{tenant_id}#{mode}#{project_id}#{metric}#{day}/points/point#{ts}#{point_id}',
    },
    bucket: {
      pk: 'metric#{mode}#{project_id}#{metric}#{day}',
      sk: 'bucket#{hour}#{series}#{shard}',
      dynamodb: 'metric#{tenant_id}#{mode}#{project_id}#{metric}#{day}',
      cosmos: {
        pk: 'metric#{tenant_id}#{mode}#{project_id}#{metric}#{day}',
        id: 'bucket#{hour}#{series}#{shard}',
      },
      firestore:
        'metrics/{tenant_id}#{mode}#{project_id}#{metric}#{day}/buckets/bucket#{hour}#{series}#{shard}',
    },
  },
  indexes: [],
} as const satisfies StoreLayout
