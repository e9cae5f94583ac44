import { AppError } from '@heirloom/errors'
import type { BackendPool } from '../backends.js'
import type { JsonObject } from '../ports/record-table.js'
import type { CheckedRoute } from './new-route.js'
import type { BackendSwitch, RouteAudit, RouteChange } from './registry-store.js'
import { writeRoute } from './route-records.js'
import { routeId, type Route } from './route.js'

export interface ChangeContext {
  /** kind:id of the actor. */
  readonly by: string
  readonly now: number
  readonly newId: () => string
  readonly backends: BackendPool
}

/** Works out a change from the routes as they are; called again when these moved meanwhile. */
export type ChangeMaker = (routes: readonly Route[]) => {
  /** As saved, or as it was before it was deleted. */
  readonly route: Route
  readonly change: RouteChange
}

export function saving(checked: CheckedRoute, context: ChangeContext): ChangeMaker {
  return (routes) => {
    const id = routeId(checked.scope)
    const before = routes.find((route) => route.id === id)
    const at = new Date(context.now)
    const switched = before !== undefined && before.backendType !== checked.target.backendType
    const route: Route = {
      id,
      ...checked.scope,
      ...checked.target,
      updatedAt: at,
      updatedBy: context.by,
      previousBackendType: switched ? before.backendType : (before?.previousBackendType ?? null),
      switchRationale: switched ? checked.switchRationale : (before?.switchRationale ?? null),
      lastSwitchTime: switched ? at : (before?.lastSwitchTime ?? null),
    }
    const audit = auditOf('saved', before ?? null, route, context)
    const switches = switched ? [switchOf(audit, before, route)] : []
    return { route, change: { saved: [route], deleted: [], audits: [audit], switches } }
  }
}

/** The change maker throws AppError NOT_FOUND. */
export function removal(id: string, context: ChangeContext): ChangeMaker {
  return (routes) => {
    const route = routes.find((candidate) => candidate.id === id)
    if (route === undefined) throw new AppError('NOT_FOUND', 'there is no such route')
    const audit = auditOf('deleted', route, null, context)
    return { route, change: { saved: [], deleted: [route], audits: [audit], switches: [] } }
  }
}

function auditOf(
  action: RouteAudit['action'],
  before: Route | null,
  after: Route | null,
  { by, now, newId, backends }: ChangeContext,
): RouteAudit {
  const shown = (route: Route | null): JsonObject | null =>
    route === null
      ? null
      : writeRoute({ ...route, config: backends.redact(route.backendType, route.config) })
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

function switchOf(audit: RouteAudit, before: Route, after: Route): BackendSwitch {
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
      switch_rationale: after.switchRationale,
    },
  }
}
