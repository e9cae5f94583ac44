import type { Authorizer } from '@heirloom/authz'
import type { NewId, TenantContext } from '@heirloom/tenancy'
import { pluginFacts } from './plugin-facts.js'
import type { Plugin, PluginFacts, PluginId } from './plugin.js'
import type { IsPublicHost, PluginStore } from './ports.js'

/** What one request's use cases work with: everything is bound to its tenant. */
export interface PluginScope {
  readonly tenant: TenantContext
  readonly authorizer: Authorizer
  readonly store: PluginStore
  readonly isPublicHost: IsPublicHost
  readonly newId: NewId
  readonly now: () => number
}

/** @throws AppError FORBIDDEN, INVALID_INPUT */
export async function registerPlugin(scope: PluginScope, input: PluginFacts): Promise<Plugin> {
  const { tenant, authorizer, store } = scope
  authorizer.require(tenant, 'plugin:register', { kind: 'Plugin', tenantId: tenant.tenantId })
  return store.register({
    // Only in the lab may a plugin run beside Heirloom.
    ...pluginFacts(input, tenant.mode === 'lab' ? null : scope.isPublicHost),
    id: scope.newId() as PluginId,
    status: 'REGISTERED',
    createdAt: new Date(scope.now()),
  })
}

/** The page without what the caller may not read. */
export async function listPlugins(
  scope: PluginScope,
  page: { after: PluginId | undefined; limit: number },
): Promise<readonly Plugin[]> {
  return readable(scope, await scope.store.page(page))
}

/** What of these the caller may read. */
export async function findPlugins(
  scope: PluginScope,
  ids: readonly PluginId[],
): Promise<readonly Plugin[]> {
  return ids.length === 0 ? [] : readable(scope, await scope.store.find(ids))
}

function readable({ tenant, authorizer }: PluginScope, plugins: readonly Plugin[]) {
  const { tenantId } = tenant
  return plugins.filter(({ id }) =>
    authorizer.allows(tenant, 'plugin:read', { kind: 'Plugin', id, tenantId }),
  )
}
