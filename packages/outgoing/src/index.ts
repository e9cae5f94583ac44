export { isPublicAddress, isPublicHost } from './public-host.js'
export {
  defaultOutgoingPolicy,
  parseAllowedOrigins,
  type OutgoingPolicy,
} from './outgoing-policy.js'
export type { ResolveHost } from './guarded-connect.js'
export {
  createOutgoing,
  type Outgoing,
  type OutgoingAnswer,
  type OutgoingOptions,
  type OutgoingRequest,
} from './outgoing.js'
