import type { StoreLayout } from './store-layout.js'

/**
 * A scope is `tenant` or `system`, for every surface (`global`) or for one. Firestore names a
 * tenant's scope by the tenant, and the system's by the word; on the others the scope goes with the
 * tenant, and the system's config lies with the tenant that runs the platform.
 */
export const configLayout = {
  records: {
    systemLatest: {
      pk: 'config#system#global',
      sk: 'latest',
      dynamodb: 'config#system#{tenant_id}',
      cosmos: { pk: 'config#system#{tenant_id}', id: 'latest' },
      firestore: 'config_store/scope#system#global',
    },
    systemVersion: {
      pk: 'config#system#global',
      sk: 'version#{n}',
      dynamodb: 'config#system#{tenant_id}',
      cosmos: { pk: 'config#system#{tenant_id}', id: 'version#{n}' },
      firestore: 'config_store/scope#system#global/versions/version#{n}',
    },
    systemSurfaceLatest: {
      pk: 'config#system#{surface_id}',
      sk: 'latest',
      dynamodb: 'config#system:{surface_id}#{tenant_id}',
      cosmos: { pk: 'config#system:{surface_id}#{tenant_id}', id: 'latest' },
      firestore: 'config_store/scope#system#{surface_id}',
    },
    systemSurfaceVersion: {
      pk: 'config#system#{surface_id}',
      sk: 'version#{n}',
      dynamodb: 'config#system:{surface_id}#{tenant_id}',
      cosmos: { pk: 'config#system:{surface_id}#{tenant_id}', id: 'version#{n}' },
      firestore: 'config_store/scope#system#{surface_id}/versions/version#{n}',
    },
    globalLatest: {
      pk: 'config#{scope}#global',
      sk: 'latest',
      dynamodb: 'config#{scope}#{tenant_id}',
      cosmos: { pk: 'config#{scope}#{tenant_id}', id: 'latest' },
      firestore: 'config_store/scope#{tenant_id}#global',
    },
    globalVersion: {
      pk: 'config#{scope}#global',
      sk: 'version#{n}',
      dynamodb: 'config#{scope}#{tenant_id}',
      cosmos: { pk: 'config#{scope}#{tenant_id}', id: 'version#{n}' },
      firestore: 'config_store/scope#{tenant_id}#global/versions/version#{n}',
    },
    latest: {
      pk: 'config#{scope}#{surface_id}',
      sk: 'latest',
      dynamodb: 'config#{scope}:{surface_id}#{tenant_id}',
      cosmos: { pk: 'config#{scope}:{surface_id}#{tenant_id}', id: 'latest' },
      firestore: 'config_store/scope#{tenant_id}#{surface_id}',
    },
    version: {
      pk: 'config#{scope}#{surface_id}',
      sk: 'version#{n}',
      dynamodb: 'config#{scope}:{surface_id}#{tenant_id}',
      cosmos: { pk: 'config#{scope}:{surface_id}#{tenant_id}', id: 'version#{n}' },
      firestore: 'config_store/scope#{tenant_id}#{surface_id}/versions/version#{n}',
    },
  },
  indexes: [],
} as const satisfies StoreLayout
