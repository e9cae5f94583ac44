import type { StoreLayout } from './store-layout.js'

/** The surface is `global` for what holds on every surface. */
export const strategyPolicyLayout = {
  records: {
    policy: {
      pk: 'strategy_policy',
      sk: 'scope#{surface_id}#{action_name}',
      dynamodb: 'tenant#{tenant_id}',
      cosmos: { pk: 'tenant#{tenant_id}', id: 'scope#{surface_id}#{action_name}' },
      firestore: 'strategy_policy/{tenant_id}/policies/policy#{surface_id}#{action_name}',
    },
  },
  indexes: [],
} as const satisfies StoreLayout
