import type { StoreLayout } from './store-layout.js'

/** The sort key is the caller's key as it is: there is nothing beside it that it could forge. */
export const tabularLayout = {
  records: {
    row: {
      pk: 'table#{table}',
      sk: '{key...}',
      dynamodb: 'table#{tenant_id}#{table}',
      cosmos: { pk: 'table#{tenant_id}#{table}', id: '{key...}', container: '{table}' },
      firestore: 'tabular_store/{tenant_id}/{table}/{key...}',
    },
  },
  indexes: [],
} as const satisfies StoreLayout
