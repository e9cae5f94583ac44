import { tenantId } from '@heirloom/tenancy'
import { connection, decodeCursor, pageSize } from '@heirloom/subgraph'
import { routeDiagnostics } from '../domain/diagnostics.js'
import { explainRoute } from '../domain/explain-route.js'
import { readStream, streamEnd } from '../domain/read-stream.js'
import { listRouteAudits } from '../domain/route-audits.js'
import { listRoutes, resolveRoute } from '../domain/routes.js'
import { timelineOf } from '../domain/stream-id.js'
import type { QueryResolvers } from '../generated/resolvers.js'
import { modeOf } from './route.js'
import { pageRequest, storePage } from './store-page.js'

const maxEventsPerPage = 500

export const queryResolvers: QueryResolvers = {
  audit: () => ({}),
  routes: (_parent, args, { scope }) => {
    const first = pageSize(args)
    const after = decodeCursor(args.after) ?? ''
    const resourceKind = args.resourceKind ?? null
    const rows = listRoutes(scope, { resourceKind, after, limit: first + 1 })
    return connection(rows, first, (route) => route.id)
  },
  resolveRoute: (_parent, { resourceKind, surfaceId }, { scope }) =>
    resolveRoute(scope, resourceKind, surfaceId ?? null),
  routeDiagnostics: (_parent, _args, { scope }) => routeDiagnostics(scope),
  routeAudits: (_parent, args, { scope }) => storePage(listRouteAudits(scope, pageRequest(args))),
  explainRoute: (_parent, args, { scope }) =>
    explainRoute(scope, {
      resourceKind: args.resourceKind,
      tenantId: typeof args.tenantId === 'string' ? tenantId(args.tenantId) : null,
      mode: args.mode ? modeOf(args.mode) : null,
      projectId: args.projectId ?? null,
      surfaceId: args.surfaceId ?? null,
    }),
  streamEvents: (_parent, { streamId, ...args }, { scope }) =>
    readStream(scope, streamId, {
      first: pageSize(args, maxEventsPerPage),
      after: args.after ?? null,
    }),
  timelineEvents: (_parent, { legacyId, ...args }, { scope }) =>
    readStream(scope, timelineOf(legacyId), {
      first: pageSize(args, maxEventsPerPage),
      after: args.after ?? null,
    }),
  streamEnd: (_parent, { streamId }, { scope }) => streamEnd(scope, streamId),
  timelineEnd: (_parent, { legacyId }, { scope }) => streamEnd(scope, timelineOf(legacyId)),
}
