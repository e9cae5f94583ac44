import type { StoreLayout } from './store-layout.js'

/**
 * One registry per installation, kept for the one tenant that its bootstrap file names: hence no
 * tenant in its keys. `{key...}` of a route is `{resource_kind}#{tenant_id}#{env}#…`
 * (routing/route-records.ts). All of it is one partition on Cosmos too, and not one per resource
 * kind, because a change is written together with the head that every change moves.
 */
export const routingRegistryLayout = {
  records: {
    record: {
      pk: 'routes',
      sk: '{key...}',
      dynamodb: 'routes',
      cosmos: { pk: 'routes', id: '{key...}', container: 'routes' },
      firestore: 'routing_registry/{key...}',
    },
  },
  indexes: [],
} as const satisfies StoreLayout
