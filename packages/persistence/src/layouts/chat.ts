import type { StoreLayout } from './store-layout.js'

/**
 * A message id is a ULID made from the message's timestamp, so it alone orders and finds a message
 * where the vendor's key has no timestamp. A thread id belongs to the one mode that claimed it
 * (`thread`), so leaving the mode out of a key brings no two threads together.
 */
export const chatLayout = {
  records: {
    message: {
      pk: 'chat#{mode}#{project_id}#{thread_id}',
      sk: 'ts#{timestamp}#{message_id}',
      dynamodb: 'chat#{tenant_id}#{project_id}#{thread_id}',
      cosmos: { pk: 'chat#{tenant_id}#{project_id}#{thread_id}', id: 'ts#{message_id}' },
      firestore:
        'chat_messages/{tenant_id}#{mode}#{project_id}#{thread_id}/messages/ts#{message_id}',
    },
    /** The newest message, and what holds for the whole thread. */
    head: {
      pk: 'chat#{mode}#{project_id}#{thread_id}',
      sk: 'head',
      dynamodb: 'chat#{tenant_id}#{project_id}#{thread_id}',
      cosmos: { pk: 'chat#{tenant_id}#{project_id}#{thread_id}', id: 'head' },
      firestore: 'chat_messages/{tenant_id}#{mode}#{project_id}#{thread_id}/thread/head',
    },
    /** Messages by the client's own id, for idempotency. */
    client: {
      pk: 'chat#{mode}#{project_id}#{thread_id}',
      sk: 'client#{client_id}',
      dynamodb: 'chat#{tenant_id}#{project_id}#{thread_id}',
      cosmos: { pk: 'chat#{tenant_id}#{project_id}#{thread_id}', id: 'client#{client_id}' },
      firestore:
        'chat_messages/{tenant_id}#{mode}#{project_id}#{thread_id}/clients/client#{client_id}',
    },
    /** Messages by the agent run that wrote them. */
    run: {
      pk: 'chat#{mode}#{project_id}#{thread_id}',
      sk: 'run#{run_id}#{timestamp}#{message_id}',
      dynamodb: 'chat#{tenant_id}#{project_id}#{thread_id}',
      cosmos: {
        pk: 'chat#{tenant_id}#{project_id}#{thread_id}',
        id: 'run#{run_id}#{message_id}',
      },
      firestore:
        'chat_messages/{tenant_id}#{mode}#{project_id}#{thread_id}/runs/run#{run_id}#{message_id}',
    },
    snapshot: {
      pk: 'chat#{mode}#{project_id}#{thread_id}',
      sk: 'snapshot#{timestamp}#{snapshot_id}',
      dynamodb: 'chat#{tenant_id}#{project_id}#{thread_id}',
      cosmos: {
        pk: 'chat#{tenant_id}#{project_id}#{thread_id}',
        id: 'snapshot#{timestamp}#{snapshot_id}',
      },
      firestore:
        'chat_snapshots/{tenant_id}#{mode}#{project_id}#{thread_id}/snapshots/{timestamp}#{snapshot_id}',
    },
    /** The threads of a project, each claimed by one mode. */
    thread: {
      pk: 'chat_threads#{project_id}',
      sk: 'thread#{thread_id}',
      dynamodb: 'chat_threads#{tenant_id}#{project_id}',
      cosmos: { pk: 'chat_threads#{tenant_id}#{project_id}', id: 'thread#{thread_id}' },
      firestore: 'chat_threads/{tenant_id}#{project_id}/threads/thread#{thread_id}',
    },
  },
  indexes: [
    {
      backend: 'dynamodb',
      kind: 'gsi',
      name: 'run_id',
      record: 'message',
      fields: ['run_id', 'ts'],
      numeric: ['ts'],
    },
    {
      backend: 'cosmos',
      kind: 'composite',
      name: 'ts',
      record: 'message',
      fields: ['thread_id', 'ts'],
      numeric: ['ts'],
    },
    {
      backend: 'firestore',
      kind: 'composite',
      name: 'thread_id_ts',
      record: 'message',
      fields: ['thread_id', 'ts'],
      numeric: ['ts'],
    },
  ],
} as const satisfies StoreLayout
