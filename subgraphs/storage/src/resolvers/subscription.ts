import { announceStart } from '@heirloom/subgraph'
import type { GraphQLContext } from '../context.js'
import { followStream } from '../domain/read-stream.js'
import type { PlacedEvent } from '../domain/stream-event.js'
import { timelineOf } from '../domain/stream-id.js'
import type { SubscriptionResolvers } from '../generated/resolvers.js'
import { documentSubscriptions } from './stores/documents.js'

/** Tells the gateway where "now" was, so that it can resume before the first event came. */
const follow = (context: GraphQLContext, streamId: string, after: string | null) =>
  followStream(context.scope, streamId, after, (cursor) => announceStart(context, cursor))

const event = (payload: PlacedEvent): PlacedEvent => payload

export const subscriptionResolvers: SubscriptionResolvers = {
  ...documentSubscriptions,
  eventStream: {
    subscribe: (_parent, { streamId, after }, context) => follow(context, streamId, after ?? null),
    resolve: event,
  },
  timeline: {
    subscribe: (_parent, { legacyId, after }, context) =>
      follow(context, timelineOf(legacyId), after ?? null),
    resolve: event,
  },
}
