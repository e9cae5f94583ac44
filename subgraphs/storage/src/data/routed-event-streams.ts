import {
  appendedAt,
  createEventStreamStore,
  type EventStreamStore,
  type JsonValue,
  type RoutedRecords,
  type StoredEvent,
} from '@heirloom/persistence'
import type { EventLog } from '@heirloom/streams'
import type { TenantId } from '@heirloom/tenancy'
import type { EventStreams } from '../domain/ports.js'
import type { StreamEvent } from '../domain/stream-event.js'

/** Event streams on the backend that the tenant's route names at the time of each call. */
export interface RoutedEventStreams {
  for(tenant: TenantId): EventStreams
}

export function createRoutedEventStreams(
  records: RoutedRecords,
  now: () => number,
): RoutedEventStreams {
  return {
    for: (tenantId) => {
      const store = (): EventStreamStore =>
        createEventStreamStore(records.open({ resourceKind: 'event_stream', tenantId }), { now })
      return {
        log: (streamId) => logOf(store, streamId),
        append: async (streamId, events) => {
          const given = events.map((event) => ({ ...event, data: event.data as JsonValue }))
          return (await store().append(streamId, given)).map(toStreamEvent)
        },
        trim: async (streamId, kept) => store().trim(streamId, kept),
      }
    },
  }
}

function logOf(store: () => EventStreamStore, streamId: string): EventLog<StreamEvent> {
  return {
    readAfter: async (position, limit) => {
      const page = await store().listAfter(streamId, position, limit)
      return { events: page.events.map(toStreamEvent), startsAfter: page.startsAfter }
    },
    head: async () => store().head(streamId),
    onAppend: (wake) => store().onAppend(streamId, wake),
    notifies: () => store().notifies,
  }
}

function toStreamEvent(event: StoredEvent): StreamEvent {
  return { ...event, appendedAt: appendedAt(event) }
}
