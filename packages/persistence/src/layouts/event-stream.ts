import type { StoreLayout } from './store-layout.js'

/** Streams of two tenants may have the same id, so the tenant stands before it. */
export const eventStreamLayout = {
  records: {
    event: {
      pk: 'stream#{stream_id}',
      sk: 'event#{ts}#{event_id}',
      dynamodb: 'stream#{tenant_id}#{stream_id}',
      cosmos: { pk: '{tenant_id}#{stream_id}', id: 'event#{ts}#{event_id}' },
      firestore: 'event_streams/{tenant_id}#{stream_id}/events/event#{ts}#{event_id}',
    },
    head: {
      pk: 'stream#{stream_id}',
      sk: 'head',
      dynamodb: 'stream#{tenant_id}#{stream_id}',
      cosmos: { pk: '{tenant_id}#{stream_id}', id: 'head' },
      firestore: 'event_streams/{tenant_id}#{stream_id}/stream/head',
    },
    id: {
      pk: 'stream#{stream_id}',
      sk: 'id#{event_id}',
      dynamodb: 'stream#{tenant_id}#{stream_id}',
      cosmos: { pk: '{tenant_id}#{stream_id}', id: 'id#{event_id}' },
      firestore: 'event_streams/{tenant_id}#{stream_id}/ids/id#{event_id}',
    },
  },
  indexes: [],
} as const satisfies StoreLayout
