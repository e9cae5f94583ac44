import type { StoreLayout } from './store-layout.js'

/** `bind#{action_name}` is the key of a binding, and so makes it unique per action everywhere. */
export const firearmsPolicyLayout = {
  records: {
    binding: {
      pk: 'firearms_policy',
      sk: 'bind#{action_name}',
      dynamodb: 'tenant#{tenant_id}',
      cosmos: { pk: 'tenant#{tenant_id}', id: 'bind#{action_name}' },
      firestore: 'firearms_policy/{tenant_id}/bindings/binding#{action_name}',
    },
    grant: {
      pk: 'firearms_policy',
      sk: 'grant#{actor_type}#{actor_id}#{firearm_id}',
      dynamodb: 'tenant#{tenant_id}',
      cosmos: { pk: 'tenant#{tenant_id}', id: 'grant#{actor_type}#{actor_id}#{firearm_id}' },
      firestore:
        'firearms_policy/{tenant_id}/grants/grant#{tenant_id}#{actor_type}#{actor_id}#{firearm_id}',
    },
    /** Bindings and grants by firearm: copies, written with them. */
    boundFirearm: {
      pk: 'firearms_policy',
      sk: 'firearm#{firearm_id}#bind#{action_name}',
      dynamodb: 'tenant#{tenant_id}',
      cosmos: { pk: 'tenant#{tenant_id}', id: 'firearm#{firearm_id}#bind#{action_name}' },
      firestore: 'firearms_policy/{tenant_id}/firearms/firearm#{firearm_id}#bind#{action_name}',
    },
    grantedFirearm: {
      pk: 'firearms_policy',
      sk: 'firearm#{firearm_id}#grant#{actor_type}#{actor_id}',
      dynamodb: 'tenant#{tenant_id}',
      cosmos: {
        pk: 'tenant#{tenant_id}',
        id: 'firearm#{firearm_id}#grant#{actor_type}#{actor_id}',
      },
      firestore:
        'firearms_policy/{tenant_id}/firearms/firearm#{firearm_id}#grant#{actor_type}#{actor_id}',
    },
    audit: {
      pk: 'firearms_policy',
      sk: 'audit#{ts}#{audit_id}',
      dynamodb: 'tenant#{tenant_id}',
      cosmos: { pk: 'tenant#{tenant_id}', id: 'audit#{ts}#{audit_id}' },
      firestore: 'firearms_policy/{tenant_id}/audit/audit#{ts}#{audit_id}',
    },
  },
  indexes: [
    {
      backend: 'dynamodb',
      kind: 'gsi',
      name: 'firearm_id',
      record: 'grant',
      fields: ['firearm_id'],
    },
  ],
} as const satisfies StoreLayout
