import type { StoreLayout } from './store-layout.js'

/** A tabular store of its own (layouts/tabular.ts), with the one table `attribution_contracts`. */
export const attributionLayout = {
  records: {
    row: {
      pk: 'attribution#{table}',
      sk: '{key...}',
      dynamodb: 'table#{tenant_id}#{table}',
      cosmos: { pk: 'table#{tenant_id}#{table}', id: '{key...}', container: '{table}' },
      firestore: 'tabular_store/{tenant_id}/{table}/{key...}',
    },
  },
  indexes: [],
} as const satisfies StoreLayout
