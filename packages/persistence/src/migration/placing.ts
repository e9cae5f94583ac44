import { AppError } from '@heirloom/errors'
import type { BackendPool } from '../backends.js'
import type { RecordVersion } from '../ports/record-table.js'
import { auditOf, switchOf, type ChangeContext } from '../routing/change.js'
import type { BackendTarget, Placement } from '../routing/placement.js'
import type { RoutingRegistry } from '../routing/registry.js'
import type { Route } from '../routing/route.js'
import type { Migration } from './migration.js'
import { writesOf, type MigrationRecords } from './migration-records.js'

/** Somebody else changed the migration: what was to be done is looked at anew. */
export class Superseded extends Error {
  override readonly name = 'Superseded'
}

export interface PlacingContext {
  readonly registry: Pick<RoutingRegistry, 'change'>
  readonly records: MigrationRecords
  readonly backends: BackendPool
  readonly newId: () => string
  readonly now: () => number
}

export interface NewPlacement {
  readonly placement: Partial<Placement>
  /** The backend that becomes the primary. */
  readonly primary?: BackendTarget
  readonly rationale?: string | null
}

/**
 * Places a route anew and changes its migration, together or not at all, on condition that the
 * migration is as `version` knows it (null: that there is none).
 * @throws Superseded; AppError NOT_FOUND
 */
export async function place(
  context: PlacingContext,
  by: string,
  migration: Migration,
  version: RecordVersion | null,
  make: (route: Route, routes: readonly Route[]) => NewPlacement,
): Promise<Route> {
  return context.registry.change(async (routes) => {
    const route = routes.find((one) => one.id === migration.routeId)
    if (route === undefined) throw new AppError('NOT_FOUND', 'there is no such route')
    const stored = await context.records.find(migration.id)
    if ((stored?.version ?? null) !== version) throw new Superseded()
    const made = make(route, routes)
    const placed = placedAnew(route, made, by, context.now())
    const change: ChangeContext = { ...context, by, now: context.now() }
    const audit = auditOf('placed', route, placed, change)
    const switches = made.primary === undefined ? [] : [switchOf(audit, route, placed)]
    const also = writesOf(migration, version)
    return {
      route: placed,
      change: { saved: [placed], deleted: [], audits: [audit], switches, also },
    }
  })
}

function placedAnew(route: Route, made: NewPlacement, by: string, now: number): Route {
  const at = new Date(now)
  const { primary, placement, rationale = null } = made
  const epoch = route.placement.epoch + 1
  const placed: Route = {
    ...route,
    updatedAt: at,
    updatedBy: by,
    placement: { ...route.placement, ...placement, epoch },
  }
  if (primary === undefined) return placed
  return {
    ...placed,
    backendType: primary.backendType,
    config: primary.config,
    previousBackendType: route.backendType,
    switchRationale: rationale,
    lastSwitchTime: at,
    placement: { ...placed.placement, home: route.placement.home + 1 },
  }
}
