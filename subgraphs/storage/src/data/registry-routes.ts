import type { BackendPool, Route as StoredRoute, RoutingRegistry } from '@heirloom/persistence'
import type { Routes } from '../domain/ports.js'
import type { Route } from '../domain/route.js'

/** The registry as the domain sees it: secrets never leave here. */
export function createRegistryRoutes(registry: RoutingRegistry, backends: BackendPool): Routes {
  const shown = (route: StoredRoute): Route => ({
    ...route,
    config: backends.redact(route.backendType, route.config),
  })
  return {
    list: () => registry.list().map(shown),
    resolve: ({ tenantId, mode, projectId }, resourceKind, surfaceId) =>
      shown(
        registry.resolve({
          resourceKind,
          tenantId,
          mode,
          ...(projectId === undefined ? {} : { projectId }),
          ...(surfaceId === null ? {} : { surfaceId }),
        }),
      ),
    save: async (route, by) => shown(await registry.save(route, by)),
    delete: (id, by) => registry.delete(id, by),
  }
}
