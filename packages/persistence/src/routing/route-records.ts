/**
 * How routes are kept: one partition, so that every change can be conditional on the head.
 *
 *   pk routes
 *   sk {resource_kind}#{tenant_id|*}#{env}#{modes}#{project}#{surface}   a route
 *   sk !head             changes with every change, and so tells whether a copy is current
 *   sk !audit#{ts}#{id}  who changed what, when, before and after
 *   sk !switch#{id}      a change of backend that is still to be announced
 *   sk !moving#{id}      a migration that goes on (migration/migration-records.ts)
 *   sk !moved#{id}       a migration that is over
 *
 * `!` sorts before every resource kind, and `*` is no tenant id.
 */
import type { JsonObject } from '../ports/record-table.js'
import { joinKey, keyPrefix, paddedNumber } from '../keys.js'
import { settled, type BackendTarget, type Placement } from './placement.js'
import type { Route, RouteScope } from './route.js'

export const routesPartition = 'routes'
export const headKey = '!head'
export const auditPrefix = keyPrefix('!audit')
export const switchPrefix = keyPrefix('!switch')
/** Routes are what comes after this: it is the character before `a`. */
export const beforeRoutes = '`'

// 15 digits of milliseconds.
const timeDigits = 15

export function routeKey(scope: RouteScope): string {
  return joinKey(
    scope.resourceKind,
    scope.tenantId ?? '*',
    scope.env,
    scope.modes.join(','),
    scope.projectId ?? '',
    scope.surfaceId ?? '',
  )
}

export function auditKey(at: Date, id: string): string {
  return joinKey('!audit', paddedNumber(at.getTime(), timeDigits), id)
}

export function switchKey(id: string): string {
  return joinKey('!switch', id)
}

export function writeRoute(route: Route): JsonObject {
  return {
    id: route.id,
    resource_kind: route.resourceKind,
    tenant_id: route.tenantId,
    env: route.env,
    modes: route.modes,
    project_id: route.projectId,
    surface_id: route.surfaceId,
    backend_type: route.backendType,
    config: route.config,
    tier: route.tier,
    cost_notes: route.costNotes,
    updated_at: route.updatedAt.toISOString(),
    updated_by: route.updatedBy,
    previous_backend_type: route.previousBackendType,
    switch_rationale: route.switchRationale,
    last_switch_time: route.lastSwitchTime?.toISOString() ?? null,
    placement: { ...route.placement, shadow: writeTarget(route.placement.shadow) },
  }
}

function writeTarget(target: BackendTarget | null): JsonObject | null {
  return target === null ? null : { backendType: target.backendType, config: target.config }
}

/** The shape that `writeRoute` gave it: only this module writes these records. */
interface RouteRecord {
  readonly id: string
  readonly resource_kind: string
  readonly tenant_id: Route['tenantId']
  readonly env: string
  readonly modes: Route['modes']
  readonly project_id: string | null
  readonly surface_id: string | null
  readonly backend_type: Route['backendType']
  readonly config: Route['config']
  readonly tier: string | null
  readonly cost_notes: string | null
  readonly updated_at: string
  readonly updated_by: string
  readonly previous_backend_type: Route['previousBackendType']
  readonly switch_rationale: string | null
  readonly last_switch_time: string | null
  /** Missing in routes that were saved before there were placements. */
  readonly placement?: Placement
}

export function readRoute(value: JsonObject): Route {
  const record = value as unknown as RouteRecord
  return {
    id: record.id,
    resourceKind: record.resource_kind,
    tenantId: record.tenant_id,
    env: record.env,
    modes: record.modes,
    projectId: record.project_id,
    surfaceId: record.surface_id,
    backendType: record.backend_type,
    config: record.config,
    tier: record.tier,
    costNotes: record.cost_notes,
    updatedAt: new Date(record.updated_at),
    updatedBy: record.updated_by,
    previousBackendType: record.previous_backend_type,
    switchRationale: record.switch_rationale,
    lastSwitchTime: record.last_switch_time === null ? null : new Date(record.last_switch_time),
    placement: record.placement ?? settled,
  }
}
