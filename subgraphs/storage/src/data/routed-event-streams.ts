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
import { createGroupedAppender } from './grouped-appender.js'

/**
 * Event streams on the backend that the tenant's route names at the time of each call. Appends of
 * this process to one stream go out one after the other, and together where they came together.
 */
export interface RoutedEventStreams {
  for(tenant: TenantId): EventStreams
}

const maxStores = 1_000

export function createRoutedEventStreams(
  records: RoutedRecords,
  now: () => number,
): RoutedEventStreams {
  // A store remembers the ends of its streams, which saves a read per append; the ones used last.
  const stores = new Map<TenantId, EventStreamStore>()

  function storeOf(tenantId: TenantId): EventStreamStore {
    const table = records.open({ resourceKind: 'event_stream', tenantId })
    const store = stores.get(tenantId) ?? createEventStreamStore(table, { now })
    stores.delete(tenantId)
    stores.set(tenantId, store)
    if (stores.size > maxStores) stores.delete(stores.keys().next().value ?? tenantId)
    return store
  }

  const appender = createGroupedAppender({
    append: async (tenantId, streamId, events) => {
      const given = events.map((event) => ({ ...event, data: event.data as JsonValue }))
      return (await storeOf(tenantId).append(streamId, given)).map(toStreamEvent)
    },
    maxEvents: (tenantId) => storeOf(tenantId).maxAppendEvents,
  })
  return {
    for: (tenantId) => ({
      log: (streamId) => logOf(() => storeOf(tenantId), streamId),
      append: (streamId, events) => appender.append(tenantId, streamId, events),
      trim: async (streamId, kept) => storeOf(tenantId).trim(streamId, kept),
    }),
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
