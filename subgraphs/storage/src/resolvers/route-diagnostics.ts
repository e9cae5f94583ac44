import { connection, decodeCursor, pageSize } from '@heirloom/subgraph'
import { diagnoseBackends } from '../domain/diagnostics.js'
import type {
  BackendDiagnosticsResolvers,
  RouteDiagnosticsResolvers,
} from '../generated/resolvers.js'
import { backendName } from './route.js'

const maxBackendsPerPage = 50

export const routeDiagnosticsResolvers: RouteDiagnosticsResolvers = {
  backends: async (_parent, args, { scope }) => {
    const first = pageSize(args, maxBackendsPerPage)
    const after = decodeCursor(args.after) ?? ''
    const rows = await diagnoseBackends(scope, { after, limit: first + 1 })
    return connection(rows, first, (use) => use.id)
  },
}

export const backendDiagnosticsResolvers: BackendDiagnosticsResolvers = {
  backendType: ({ backendType }) => backendName(backendType),
}
