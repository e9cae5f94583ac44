import type { StoreLayout } from './store-layout.js'

export const mediaOutputLayout = {
  records: {
    output: {
      pk: 'media_output#{project_id}#{asset_id}',
      sk: 'output#{output_id}',
      dynamodb: 'media_output#{tenant_id}#{project_id}#{asset_id}',
      cosmos: {
        pk: 'media_output#{tenant_id}#{project_id}#{asset_id}',
        id: 'output#{output_id}',
      },
      firestore: 'media_outputs/{tenant_id}#{project_id}#{asset_id}/outputs/output#{output_id}',
    },
  },
  indexes: [],
} as const satisfies StoreLayout
