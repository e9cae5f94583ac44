import { AppError } from '@heirloom/errors'
import type { BackendPool } from '../backends.js'
import type { JsonObject } from '../ports/record-table.js'
import type { CheckedRoute } from './new-route.js'
import type { BackendSwitch, RouteAudit, RouteChange } from './registry-store.js'
import { writeRoute } from './route-records.js'
import { sameTarget, settled, type BackendTarget } from './placement.js'
import { routeId, type Route } from './route.js'

export interface ChangeContext {
  /** kind:id of the actor. */
  readonly by: string
  readonly now: number
  readonly newId: () => string
  readonly backends: BackendPool
}

/** Works out a change from the routes as they are; called again when these moved meanwhile. */
export type ChangeMaker = (routes: readonly Route[]) => MadeChange | Promise<MadeChange>

export interface MadeChange {
  /** As saved, or as it was before it was deleted. */
  readonly route: Route
  readonly change: RouteChange
}

export function saving(
  checked: CheckedRoute,
  context: ChangeContext,
): (routes: readonly Route[]) => MadeChange {
  return (routes) => {
    const id = routeId(checked.scope)
    const before = routes.find((route) => route.id === id)
    const at = new Date(context.now)
    const moved = before !== undefined && !sameTarget(before, checked.target)
    // Another table of the same product is another place as well; another password is not.
    const switched =
      moved && !sameTarget(shownTarget(before, context), shownTarget(checked.target, context))
    if (moved) refuseWhileMoving(before)
    const placement = before?.placement ?? settled
    const route: Route = {
      id,
      ...checked.scope,
      ...checked.target,
      updatedAt: at,
      updatedBy: context.by,
      previousBackendType: switched ? before.backendType : (before?.previousBackendType ?? null),
      switchRationale: switched ? checked.switchRationale : (before?.switchRationale ?? null),
      lastSwitchTime: switched ? at : (before?.lastSwitchTime ?? null),
      placement: moved
        ? { ...placement, epoch: placement.epoch + 1, home: placement.home + 1 }
        : placement,
    }
    const audit = auditOf('saved', before ?? null, route, context)
    const switches = switched ? [switchOf(audit, before, route)] : []
    return { route, change: { saved: [route], deleted: [], audits: [audit], switches, also: [] } }
  }
}

/** The change maker throws AppError NOT_FOUND, CONFLICT while the route's data is being moved. */
export function removal(id: string, context: ChangeContext): ChangeMaker {
  return (routes) => {
    const route = routes.find((candidate) => candidate.id === id)
    if (route === undefined) throw new AppError('NOT_FOUND', 'there is no such route')
    refuseWhileMoving(route)
    const audit = auditOf('deleted', route, null, context)
    return {
      route,
      change: { saved: [], deleted: [route], audits: [audit], switches: [], also: [] },
    }
  }
}

function refuseWhileMoving({ placement }: Route): void {
  if (placement.migrationId === null) return
  throw new AppError('CONFLICT', 'the data of this route is being moved; end the migration first', {
    details: { migration_id: placement.migrationId },
  })
}

function shownTarget(
  { backendType, config }: BackendTarget,
  { backends }: ChangeContext,
): BackendTarget {
  return { backendType, config: backends.redact(backendType, config) }
}

export function auditOf(
  action: RouteAudit['action'],
  before: Route | null,
  after: Route | null,
  { by, now, newId, backends }: ChangeContext,
): RouteAudit {
  const shown = (route: Route | null): JsonObject | null =>
    route === null ? null : writeRoute(redacted(route, backends))
  return {
    id: newId(),
    at: new Date(now).toISOString(),
    by,
    action,
    routeId: (after ?? before)?.id ?? '',
    before: shown(before),
    after: shown(after),
  }
}

/** As it may be shown. */
export function redacted(route: Route, backends: BackendPool): Route {
  const { shadow } = route.placement
  const shown = (target: BackendTarget): BackendTarget => ({
    backendType: target.backendType,
    config: backends.redact(target.backendType, target.config),
  })
  return {
    ...route,
    ...shown(route),
    placement: { ...route.placement, shadow: shadow === null ? null : shown(shadow) },
  }
}

export function switchOf(audit: RouteAudit, before: Route, after: Route): BackendSwitch {
  return {
    id: audit.id,
    tenantId: after.tenantId,
    at: audit.at,
    by: audit.by,
    data: {
      route_id: after.id,
      resource_kind: after.resourceKind,
      env: after.env,
      previous_backend_type: before.backendType,
      backend_type: after.backendType,
      // As the audit shows them: without secrets.
      previous_config: audit.before?.['config'] ?? null,
      config: audit.after?.['config'] ?? null,
      switch_rationale: after.switchRationale,
      last_switch_time: after.lastSwitchTime?.toISOString() ?? null,
    },
  }
}
