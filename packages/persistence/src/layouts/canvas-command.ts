import type { StoreLayout } from './store-layout.js'

export const canvasCommandLayout = {
  records: {
    command: {
      pk: 'canvas#{project_id}#{canvas_id}',
      sk: 'rev#{n}',
      dynamodb: 'canvas#{tenant_id}#{project_id}#{canvas_id}',
      cosmos: { pk: 'canvas#{tenant_id}#{project_id}#{canvas_id}', id: 'rev#{n}' },
      firestore: 'canvas_commands/canvas#{tenant_id}#{project_id}#{canvas_id}/commands/rev#{n}',
    },
    /** The newest revision. */
    head: {
      pk: 'canvas#{project_id}#{canvas_id}',
      sk: 'head',
      dynamodb: 'canvas#{tenant_id}#{project_id}#{canvas_id}',
      cosmos: { pk: 'canvas#{tenant_id}#{project_id}#{canvas_id}', id: 'head' },
      firestore: 'canvas_commands/canvas#{tenant_id}#{project_id}#{canvas_id}/canvas/head',
    },
    /** Up to which revision the timeline was fed. */
    fed: {
      pk: 'canvas#{project_id}#{canvas_id}',
      sk: 'fed',
      dynamodb: 'canvas#{tenant_id}#{project_id}#{canvas_id}',
      cosmos: { pk: 'canvas#{tenant_id}#{project_id}#{canvas_id}', id: 'fed' },
      firestore: 'canvas_commands/canvas#{tenant_id}#{project_id}#{canvas_id}/canvas/fed',
    },
    /** Revisions by idempotency key. */
    key: {
      pk: 'canvas#{project_id}#{canvas_id}',
      sk: 'key#{idempotency_key}',
      dynamodb: 'canvas#{tenant_id}#{project_id}#{canvas_id}',
      cosmos: {
        pk: 'canvas#{tenant_id}#{project_id}#{canvas_id}',
        id: 'key#{idempotency_key}',
      },
      firestore:
        'canvas_commands/canvas#{tenant_id}#{project_id}#{canvas_id}/keys/key#{idempotency_key}',
    },
    /** The canvases of a project, so that none is forgotten when the timeline is fed. */
    canvas: {
      pk: 'canvases#{project_id}',
      sk: 'canvas#{canvas_id}',
      dynamodb: 'canvases#{tenant_id}#{project_id}',
      cosmos: { pk: 'canvases#{tenant_id}#{project_id}', id: 'canvas#{canvas_id}' },
      firestore: 'canvases/{tenant_id}#{project_id}/canvases/canvas#{canvas_id}',
    },
  },
  indexes: [
    {
      backend: 'dynamodb',
      kind: 'gsi',
      name: 'idempotency_key',
      record: 'command',
      fields: ['idempotency_key'],
    },
    {
      backend: 'firestore',
      kind: 'composite',
      name: 'rev',
      record: 'command',
      fields: ['canvas_id', 'rev'],
      numeric: ['rev'],
    },
  ],
} as const satisfies StoreLayout
