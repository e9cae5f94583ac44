import { createIds, type NewId, type TenantContext, type TenantId } from '@heirloom/tenancy'

/** Every domain event in this shape, in the outbox, on the bus and at the consumer. */
export interface DomainEvent<Payload extends EventPayload = EventPayload> {
  /** ULID; the consumers' idempotency key. */
  readonly id: string
  readonly type: string
  /** Version of the payload's schema: schema/events/{type}.v{version}.json. */
  readonly version: number
  /** RFC 3339 in UTC. */
  readonly occurred_at: string
  readonly tenant_id: TenantId
  /** kind:id, for example user:01H… */
  readonly actor_id: string
  readonly resource: { readonly kind: string; readonly id: string }
  /** The id of the request that caused the event. */
  readonly correlation_id: string
  /** W3C Trace Context. */
  readonly traceparent?: string
  readonly payload: Payload
}

/**
 * What an event says. The four ids are read by the timeline: an event with a `legacy_id` appears
 * on the timeline of that legacy, and may point at a story, a person and a media asset.
 */
export interface EventPayload {
  readonly legacy_id?: string
  readonly story_id?: string
  readonly person_id?: string
  readonly media_id?: string
  readonly [field: string]: unknown
}

export interface NewEvent {
  readonly type: string
  readonly version: number
  readonly resource: { readonly kind: string; readonly id: string }
  readonly payload: EventPayload
}

export type CreateEvent = (context: TenantContext, event: NewEvent) => DomainEvent

/** Completes an event with who, when and why, from the verified context of the request. */
export function createEventFactory(
  newId: NewId = createIds(),
  now: () => number = Date.now,
): CreateEvent {
  return (context, event) => ({
    id: newId(),
    type: event.type,
    version: event.version,
    occurred_at: new Date(now()).toISOString(),
    tenant_id: context.tenantId,
    actor_id: `${context.actor.kind}:${context.actor.id}`,
    resource: event.resource,
    correlation_id: context.requestId,
    ...(context.traceparent === undefined ? {} : { traceparent: context.traceparent }),
    payload: event.payload,
  })
}
