import type { StoreLayout } from './store-layout.js'

export const memoryLayout = {
  records: {
    session: {
      pk: 'session#{mode}#{project_id}',
      sk: '{user_id}#{session_id}',
      dynamodb: 'session#{tenant_id}#{mode}#{project_id}',
      cosmos: {
        pk: 'session#{tenant_id}#{mode}#{project_id}',
        id: '{user_id}#{session_id}',
        container: 'sessions',
      },
      firestore: 'sessions/{tenant_id}#{mode}#{project_id}#{user_id}#{session_id}',
    },
    blackboard: {
      pk: 'blackboard#{mode}#{project_id}',
      sk: '{key...}',
      dynamodb: 'blackboard#{tenant_id}#{mode}#{project_id}',
      cosmos: {
        pk: 'blackboard#{tenant_id}#{mode}#{project_id}',
        id: '{key...}',
        container: 'blackboards',
      },
      firestore: 'blackboards/{tenant_id}#{mode}#{project_id}#{key...}',
    },
  },
  indexes: [],
} as const satisfies StoreLayout
