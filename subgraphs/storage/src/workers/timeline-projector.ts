import {
  createConsumer,
  type ConsumerOptions,
  type DomainEvent,
  type Service,
} from '@heirloom/events'
import type { TenantId } from '@heirloom/tenancy'
import type { EventStreams } from '../domain/ports.js'
import { timelineOf } from '../domain/stream-id.js'

export interface TimelineProjectorOptions extends Pick<
  ConsumerOptions,
  'bus' | 'queueUrl' | 'logger' | 'concurrency'
> {
  readonly streams: { for(tenant: TenantId): EventStreams }
}

/**
 * Appends every domain event that names a legacy to the timeline of that legacy. The event's id is
 * its id in the stream too, so handling it twice appends it once; no inbox is needed.
 */
export function createTimelineProjector(options: TimelineProjectorOptions): Service {
  const { bus, queueUrl, logger, streams } = options
  return createConsumer({
    name: 'timeline-projector',
    bus,
    queueUrl,
    logger,
    ...(options.concurrency === undefined ? {} : { concurrency: options.concurrency }),
    handle: async (event) => {
      const { legacy_id: legacyId } = event.payload
      if (typeof legacyId !== 'string' || legacyId === '') return
      await streams.for(event.tenant_id).append(timelineOf(legacyId), [toStreamEvent(event)])
    },
  })
}

function toStreamEvent(event: DomainEvent): Parameters<EventStreams['append']>[1][number] {
  return {
    id: event.id,
    type: event.type,
    occurredAt: new Date(event.occurred_at),
    actorId: event.actor_id,
    data: event.payload,
  }
}
