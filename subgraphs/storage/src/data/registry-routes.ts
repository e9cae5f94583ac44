import {
  explainSelection,
  labOnlyBackends,
  redacted,
  resourceKindNames,
  type BackendPool,
  type JsonObject,
  type Route as StoredRoute,
  type RouteAudit as StoredAudit,
  type RouteRequest,
  type RoutingRegistry,
} from '@heirloom/persistence'
import { hasCode } from '@heirloom/errors'
import type { TenantContext, TenantId } from '@heirloom/tenancy'
import type { RouteQuestion } from '../domain/route-selection.js'
import type { Routes } from '../domain/ports.js'
import type { RouteAudit } from '../domain/route-audit.js'
import type { Route } from '../domain/route.js'

const registryKind = 'routing_registry_store'

/** The registry as the domain sees it: secrets never leave here. */
export function createRegistryRoutes(registry: RoutingRegistry, backends: BackendPool): Routes {
  const shown = (route: StoredRoute): Route => redacted(route, backends)

  function isRouted(context: TenantContext, resourceKind: string): boolean {
    try {
      registry.resolve(requestOf(context, resourceKind, context.surfaceId ?? null))
      return true
    } catch (error) {
      if (hasCode(error, 'ROUTE_NOT_CONFIGURED')) return false
      throw error
    }
  }

  return {
    env: registry.env,
    list: () => registry.list().map(shown),
    resolve: (context, resourceKind, surfaceId) =>
      shown(registry.resolve(requestOf(context, resourceKind, surfaceId))),
    save: async (route, by) => shown(await registry.save(route, by)),
    delete: (id, by) => registry.delete(id, by),
    // The registry's own route stands in the bootstrap file, for the platform alone.
    unrouted: (context) =>
      resourceKindNames.filter((kind) => kind !== registryKind && !isRouted(context, kind)),
    explain: (question) => {
      const found = explainSelection(registry.list(), registry.env, questionRequest(question))
      const candidates = found.map(({ route, mismatches }) => ({ route: shown(route), mismatches }))
      const [taken] = candidates
      const refused =
        taken !== undefined &&
        labOnlyBackends.includes(taken.route.backendType) &&
        question.mode !== 'lab'
      return { candidates, refusal: refused ? 'its backend is refused outside lab mode' : null }
    },
    audits: async (page) => {
      const { items, next } = await registry.auditPage(page)
      return { items: items.map(shownAudit), next }
    },
  }
}

function requestOf(
  { tenantId, mode, projectId }: TenantContext,
  resourceKind: string,
  surfaceId: string | null,
): RouteRequest {
  return {
    resourceKind,
    tenantId,
    mode,
    ...(projectId === undefined ? {} : { projectId }),
    ...(surfaceId === null ? {} : { surfaceId }),
  }
}

function questionRequest({ projectId, surfaceId, ...asked }: RouteQuestion): RouteRequest {
  return {
    ...asked,
    ...(projectId === null ? {} : { projectId }),
    ...(surfaceId === null ? {} : { surfaceId }),
  }
}

/** Written with the secrets redacted already. */
function shownAudit(audit: StoredAudit): RouteAudit {
  const { id, by, action, routeId, before, after } = audit
  const tenantId = tenantOf(after ?? before)
  return { id, at: new Date(audit.at), by, action, routeId, tenantId, before, after }
}

function tenantOf(route: JsonObject | null): TenantId | null {
  const tenant = route?.['tenant_id']
  return typeof tenant === 'string' ? (tenant as TenantId) : null
}
