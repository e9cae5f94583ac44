import type { Action, Authorizer } from '@heirloom/authz'
import type { TenantContext, TenantId } from '@heirloom/tenancy'
import { permissions, type Permissions } from './permissions.js'
import type { Stores } from './stores.js'

/** Reads of the system's config are the caller's own affair; changes are the platform's. */
const ofThePlatform: readonly Action[] = ['system-config:write']

/**
 * The stores, with the authorizer asked before each call, and before the store is even opened: who
 * may not see a thing does not learn where it is kept either. Methods throw FORBIDDEN too.
 */
export function guardStores(
  stores: Stores,
  authorizer: Authorizer,
  context: TenantContext,
  systemTenant: TenantId,
): Stores {
  const ask = (action: Action): void => {
    const tenantId = ofThePlatform.includes(action) ? systemTenant : context.tenantId
    authorizer.require(context, action, { kind: 'Store', tenantId })
  }
  return {
    attribution: () => guarded(permissions.attribution, ask, () => stores.attribution()),
    budgets: () => guarded(permissions.budgets, ask, () => stores.budgets()),
    canvases: () => guarded(permissions.canvases, ask, () => stores.canvases()),
    chats: () => guarded(permissions.chats, ask, () => stores.chats()),
    config: () => ({
      ...guarded(permissions.config, ask, () => stores.config()),
      scope: 'tenant',
    }),
    systemConfig: () => ({
      ...guarded(permissions.systemConfig, ask, () => stores.systemConfig()),
      scope: 'system',
    }),
    documents: () => guarded(permissions.documents, ask, () => stores.documents()),
    users: () => guarded(permissions.users, ask, () => stores.users()),
    revocations: () => guarded(permissions.revocations, ask, () => stores.revocations()),
    firearms: () => guarded(permissions.firearms, ask, () => stores.firearms()),
    mediaOutputs: () => guarded(permissions.mediaOutputs, ask, () => stores.mediaOutputs()),
    memory: () => guarded(permissions.memory, ask, () => stores.memory()),
    metrics: () => guarded(permissions.metrics, ask, () => stores.metrics()),
    seo: () => guarded(permissions.seo, ask, () => stores.seo()),
    strategies: (surfaceId) =>
      guarded(permissions.strategies, ask, () => stores.strategies(surfaceId)),
    tables: () => guarded(permissions.tables, ask, () => stores.tables()),
  }
}

/** The methods that `needed` names, which are all there are. */
function guarded<Store extends object>(
  needed: Permissions<Store>,
  ask: (action: Action) => void,
  open: () => Store,
): Store {
  const methods = Object.entries<Action>(needed).map(([name, action]) => [
    name,
    (...args: readonly unknown[]): unknown => {
      ask(action)
      const store = open()
      const method = Reflect.get(store, name) as (...given: readonly unknown[]) => unknown
      return method.apply(store, [...args])
    },
  ])
  return Object.fromEntries(methods) as Store
}
