export {
  createHeirloomClient,
  type HeirloomClient,
  type HeirloomClientOptions,
  type Token,
} from './client.js'
export type { AnyDocument, Document, EventOf, TypedDocument } from './document.js'
export {
  HeirloomError,
  type ClientErrorCode,
  type GraphQLAnswerError,
  type HeirloomErrorOptions,
} from './heirloom-error.js'
export type { Variables } from './http.js'
export type { EventDetails, StartQuery, SubscribeOptions, Subscription } from './subscription.js'
export type { Surroundings } from './surroundings.js'
export type { FollowOptions, TimelineEvent } from './timeline.js'
export type { Transport } from './transports.js'
