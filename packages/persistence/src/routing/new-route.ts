import { AppError } from '@heirloom/errors'
import { modes, type Mode, type TenantId } from '@heirloom/tenancy'
import type { BackendPool } from '../backends.js'
import { labOnlyBackends, type BackendType } from '../backends/backend.js'
import { parseConfig } from '../backends/config-spec.js'
import { isResourceKind, resourceKinds, type ResourceKind } from '../resource-kinds.js'
import { registryKind, type RouteScope, type RouteTarget } from './route.js'

export interface NewRoute {
  readonly resourceKind: string
  readonly tenantId: TenantId | null
  /** The running environment when it is not given. */
  readonly env?: string | null
  readonly modes?: readonly Mode[] | null
  readonly projectId?: string | null
  readonly surfaceId?: string | null
  readonly backendType: BackendType
  readonly config: unknown
  readonly tier?: string | null
  readonly costNotes?: string | null
  readonly switchRationale?: string | null
}

export interface CheckedRoute {
  readonly scope: RouteScope
  readonly target: RouteTarget
  readonly switchRationale: string | null
}

const name = /^[a-z0-9][a-z0-9_-]{0,62}$/
const identifier = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/
const maxNoteLength = 2_000

/**
 * Everything about a route that can be judged without looking at the other routes.
 * @throws AppError INVALID_INPUT, BACKEND_FORBIDDEN for lab-only backends in other modes,
 *   BACKEND_UNAVAILABLE for a backend that this build does not have
 */
export function checkRoute(input: NewRoute, env: string, backends: BackendPool): CheckedRoute {
  const scope = checkScope(input, env)
  refuseLabOnly(input.backendType, scope.modes.length > 0 ? scope.modes : modes)
  const backend = backends.find(input.backendType)
  const config = parseConfig(backend.configSpec, input.config)
  backends.open(input.backendType, config)
  return {
    scope,
    target: {
      backendType: input.backendType,
      config,
      tier: note(input.tier, 'tier'),
      costNotes: note(input.costNotes, 'cost notes'),
    },
    switchRationale: note(input.switchRationale, 'rationale'),
  }
}

/** @throws AppError BACKEND_FORBIDDEN; asked when a route is saved, and when it is taken */
export function refuseLabOnly(
  backendType: BackendType,
  inModes: readonly (Mode | undefined)[],
): void {
  if (!labOnlyBackends.includes(backendType)) return
  if (inModes.every((mode) => mode === 'lab')) return
  throw new AppError('BACKEND_FORBIDDEN', `the backend ${backendType} is for lab mode only`)
}

function checkScope(input: NewRoute, runningEnv: string): RouteScope {
  const { resourceKind } = input
  if (!isResourceKind(resourceKind) || resourceKind === registryKind) {
    throw new AppError('INVALID_INPUT', `there are no routes for "${resourceKind.slice(0, 64)}"`)
  }
  const kind: ResourceKind = resourceKinds[resourceKind]
  const scope: RouteScope = {
    resourceKind,
    tenantId: input.tenantId,
    env: matching(name, input.env ?? runningEnv, 'the environment'),
    modes: modes.filter((mode) => input.modes?.includes(mode) ?? false),
    projectId: optional(input.projectId, 'the project id'),
    surfaceId: optional(input.surfaceId, 'the surface id'),
  }
  if (scope.surfaceId !== null && !kind.surface) {
    throw new AppError('INVALID_INPUT', `routes for ${resourceKind} do not depend on a surface`)
  }
  if (kind.wholeTenant && (scope.modes.length > 0 || scope.projectId !== null)) {
    throw new AppError(
      'INVALID_INPUT',
      `a route for ${resourceKind} is for a whole tenant: it names no modes and no project`,
    )
  }
  return scope
}

function matching(pattern: RegExp, value: string, what: string): string {
  if (pattern.test(value)) return value
  throw new AppError('INVALID_INPUT', `${what} "${value.slice(0, 64)}" is not a valid name`)
}

function optional(value: string | null | undefined, what: string): string | null {
  return value === null || value === undefined ? null : matching(identifier, value, what)
}

function note(value: string | null | undefined, what: string): string | null {
  if (value === null || value === undefined) return null
  if (value.length <= maxNoteLength) return value
  throw new AppError('INVALID_INPUT', `the ${what} has more than ${maxNoteLength} characters`)
}
