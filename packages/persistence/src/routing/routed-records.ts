import type { BackendPool } from '../backends.js'
import type { RecordTable } from '../ports/record-table.js'
import { createPlacements, type PlacementContext } from '../strategies/placed-table.js'
import {
  createRoutedTable,
  defaultRoutedTableTiming,
  type RoutedTableTiming,
  type RouteSource,
} from '../strategies/routed-table.js'
import type { RoutingRegistry } from './registry.js'
import type { RouteRequest } from './route.js'

/** Records where the routes say they are. */
export interface RoutedRecords {
  /**
   * The table of the tenant in the request, laid out as its kind declares, on the backend of its
   * route as it stands at each call (strategies/routed-table.ts).
   * @throws AppError ROUTE_NOT_CONFIGURED, BACKEND_FORBIDDEN, BACKEND_UNAVAILABLE
   */
  open(request: RouteRequest): RecordTable
}

export interface RoutedRecordsOptions
  extends RoutedTableTiming, Pick<PlacementContext, 'now' | 'timing' | 'shadowRestMs'> {}

export function createRoutedRecords(
  registry: RouteSource & Pick<RoutingRegistry, 'tenantId'>,
  backends: BackendPool,
  options: Partial<RoutedRecordsOptions> = {},
): RoutedRecords {
  const placements = createPlacements({ backends, systemTenant: registry.tenantId, ...options })
  const timing = { ...defaultRoutedTableTiming, ...options }
  // A routed table looks its route up at each call, so that it serves every request of its kind.
  const tables = new Map<string, RecordTable>()

  return {
    open: (request) => {
      // So that a request without a route fails at once.
      registry.view(request)
      const key = keyOf(request)
      const known = tables.get(key)
      if (known !== undefined) return known
      if (tables.size >= maxTables) tables.clear()
      const table = createRoutedTable(registry, placements, request, timing)
      tables.set(key, table)
      return table
    },
  }
}

const maxTables = 10_000

/** No name has a NUL in it, and none is empty. */
function keyOf({ resourceKind, tenantId, mode, projectId, surfaceId }: RouteRequest): string {
  return `${resourceKind}\0${tenantId}\0${mode ?? ''}\0${projectId ?? ''}\0${surfaceId ?? ''}`
}
