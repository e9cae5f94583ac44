import type { StoreLayout } from './store-layout.js'

/** A tabular store of its own (layouts/tabular.ts), with the one table `seo_configs`. */
export const seoConfigLayout = {
  records: {
    row: {
      pk: 'seo#{table}',
      sk: '{key...}',
      dynamodb: 'table#{tenant_id}#{table}',
      cosmos: { pk: 'table#{tenant_id}#{table}', id: '{key...}', container: '{table}' },
      firestore: 'tabular_store/{tenant_id}/{table}/{key...}',
    },
  },
  indexes: [],
} as const satisfies StoreLayout
