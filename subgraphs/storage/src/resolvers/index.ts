import { scalars } from '@heirloom/subgraph'
import type { Resolvers } from '../generated/resolvers.js'
import { mutationResolvers } from './mutation.js'
import { queryResolvers } from './query.js'
import { routeAuditResolvers, routeCandidateResolvers } from './route-audit.js'
import { backendDiagnosticsResolvers, routeDiagnosticsResolvers } from './route-diagnostics.js'
import { routeResolvers } from './route.js'
import { streamEventResolvers } from './stream-event.js'
import { subscriptionResolvers } from './subscription.js'

export const resolvers: Resolvers = {
  DateTime: scalars.DateTime,
  JSON: scalars.JSON,
  Query: queryResolvers,
  Mutation: mutationResolvers,
  Subscription: subscriptionResolvers,
  Route: routeResolvers,
  RouteAudit: routeAuditResolvers,
  RouteCandidate: routeCandidateResolvers,
  RouteDiagnostics: routeDiagnosticsResolvers,
  BackendDiagnostics: backendDiagnosticsResolvers,
  StreamEvent: streamEventResolvers,
}
