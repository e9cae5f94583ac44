import { followStream } from '../domain/read-stream.js'
import type { PlacedEvent } from '../domain/stream-event.js'
import { timelineOf } from '../domain/stream-id.js'
import type { SubscriptionResolvers } from '../generated/resolvers.js'

const event = (payload: PlacedEvent): PlacedEvent => payload

export const subscriptionResolvers: SubscriptionResolvers = {
  eventStream: {
    subscribe: (_parent, { streamId, after }, { scope }) =>
      followStream(scope, streamId, after ?? null),
    resolve: event,
  },
  timeline: {
    subscribe: (_parent, { legacyId, after }, { scope }) =>
      followStream(scope, timelineOf(legacyId), after ?? null),
    resolve: event,
  },
}
