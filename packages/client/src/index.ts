export {
  createHeirloomClient,
  type HeirloomClient,
  type HeirloomClientOptions,
  type Token,
} from './client.js'
export { HeirloomError, type ClientErrorCode, type GraphQLAnswerError } from './heirloom-error.js'
export type { Variables } from './http.js'
export type { EventDetails, SubscribeOptions, Subscription } from './subscription.js'
export type { FollowOptions, TimelineEvent } from './timeline.js'
