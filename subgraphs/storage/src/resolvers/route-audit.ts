import type { RouteAuditResolvers, RouteCandidateResolvers } from '../generated/resolvers.js'
import { upper } from './enum-names.js'

export const routeAuditResolvers: RouteAuditResolvers = {
  action: ({ action }) => upper(action),
}

export const routeCandidateResolvers: RouteCandidateResolvers = {
  fits: ({ mismatches }) => mismatches.length === 0,
  mismatches: ({ mismatches }) => mismatches.map(upper),
}
