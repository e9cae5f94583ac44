import type { StoreLayout } from './store-layout.js'

/**
 * The accounts of a tenant and of all its projects lie in one partition, because one spend counts
 * against both, or against neither.
 */
export const budgetLayout = {
  records: {
    account: {
      pk: 'budget#{budget}',
      sk: 'account#{project_id}',
      dynamodb: 'budget#{tenant_id}#{budget}',
      cosmos: { pk: 'budget#{tenant_id}#{budget}', id: 'account#{project_id}' },
      firestore: 'budgets/{tenant_id}#{budget}/accounts/account#{project_id}',
    },
    /** Used in each period. */
    usage: {
      pk: 'budget#{budget}',
      sk: 'usage#{project_id}#{period}',
      dynamodb: 'budget#{tenant_id}#{budget}',
      cosmos: { pk: 'budget#{tenant_id}#{budget}', id: 'usage#{project_id}#{period}' },
      firestore: 'budgets/{tenant_id}#{budget}/usage/usage#{project_id}#{period}',
    },
    entry: {
      pk: 'budget#{budget}',
      sk: 'entry#{project_id}#{ts}#{entry_id}',
      dynamodb: 'budget#{tenant_id}#{budget}',
      cosmos: { pk: 'budget#{tenant_id}#{budget}', id: 'entry#{project_id}#{ts}#{entry_id}' },
      firestore: 'budgets/{tenant_id}#{budget}/entries/entry#{project_id}#{ts}#{entry_id}',
    },
    key: {
      pk: 'budget#{budget}',
      sk: 'key#{project_id}#{idempotency_key}',
      dynamodb: 'budget#{tenant_id}#{budget}',
      cosmos: { pk: 'budget#{tenant_id}#{budget}', id: 'key#{project_id}#{idempotency_key}' },
      firestore: 'budgets/{tenant_id}#{budget}/keys/key#{project_id}#{idempotency_key}',
    },
  },
  indexes: [],
} as const satisfies StoreLayout
