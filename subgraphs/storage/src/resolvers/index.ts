import { scalars } from '@heirloom/subgraph'
import type { Resolvers } from '../generated/resolvers.js'
import { auditLogResolvers } from './audit-log.js'
import {
  migrationDifferenceResolvers,
  migrationErrorResolvers,
  migrationMutations,
  migrationOptionsResolvers,
  migrationQueries,
  migrationStepResolvers,
  routeMigrationResolvers,
  routePlacementResolvers,
  routeTargetResolvers,
} from './migration.js'
import { mutationResolvers } from './mutation.js'
import { queryResolvers } from './query.js'
import { routeAuditResolvers, routeCandidateResolvers } from './route-audit.js'
import { backendDiagnosticsResolvers, routeDiagnosticsResolvers } from './route-diagnostics.js'
import { routeResolvers } from './route.js'
import { storeMutations, storeQueries, storeTypes } from './stores/index.js'
import { streamEventResolvers } from './stream-event.js'
import { subscriptionResolvers } from './subscription.js'

export const resolvers: Resolvers = {
  DateTime: scalars.DateTime,
  JSON: scalars.JSON,
  ...storeTypes,
  Query: { ...queryResolvers, ...migrationQueries, ...storeQueries },
  Mutation: { ...mutationResolvers, ...migrationMutations, ...storeMutations },
  AuditLog: auditLogResolvers,
  Subscription: subscriptionResolvers,
  Route: { ...routeResolvers, ...routePlacementResolvers },
  RouteTarget: routeTargetResolvers,
  RouteMigration: routeMigrationResolvers,
  MigrationOptions: migrationOptionsResolvers,
  MigrationDifference: migrationDifferenceResolvers,
  MigrationError: migrationErrorResolvers,
  MigrationStep: migrationStepResolvers,
  RouteAudit: routeAuditResolvers,
  RouteCandidate: routeCandidateResolvers,
  RouteDiagnostics: routeDiagnosticsResolvers,
  BackendDiagnostics: backendDiagnosticsResolvers,
  StreamEvent: streamEventResolvers,
}
