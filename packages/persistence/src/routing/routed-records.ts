import type { BackendPool } from '../backends.js'
import type { RecordTable } from '../ports/record-table.js'
import type { RoutingRegistry } from './registry.js'
import type { RouteRequest } from './route.js'

/** Records where the routes say they are. */
export interface RoutedRecords {
  /**
   * The table of the tenant in the request, on the backend of its route as it stands now: ask
   * again for each request, never keep it.
   * @throws AppError ROUTE_NOT_CONFIGURED, BACKEND_FORBIDDEN, BACKEND_UNAVAILABLE
   */
  open(request: RouteRequest): RecordTable
}

export function createRoutedRecords(
  registry: Pick<RoutingRegistry, 'resolve'>,
  backends: BackendPool,
): RoutedRecords {
  return {
    open: (request) => {
      const route = registry.resolve(request)
      return backends.open(route.backendType, route.config).records.for(request.tenantId)
    },
  }
}
