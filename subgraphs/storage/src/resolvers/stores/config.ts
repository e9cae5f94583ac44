import { findConfig, type ConfigStore } from '@heirloom/persistence'
import { actorOf, type Scope } from '../../domain/scope.js'
import type {
  ConfigScope,
  EffectiveConfigResolvers,
  MutationResolvers,
  QueryResolvers,
  SaveConfigResultResolvers,
} from '../../generated/resolvers.js'
import { upper } from '../enum-names.js'
import { jsonObject } from '../json.js'
import { pageRequest, storePage } from '../store-page.js'
import { isStale, orStale } from './stale-version.js'

export const configQueries: Pick<QueryResolvers, 'config' | 'configVersions' | 'effectiveConfig'> =
  {
    config: (_parent, { scope: of, surfaceId, version }, { scope }) => {
      const store = storeOf(scope, of)
      return typeof version === 'number'
        ? store.version(surfaceId ?? null, version)
        : store.latest(surfaceId ?? null)
    },
    configVersions: (_parent, { scope: of, surfaceId, ...args }, { scope }) =>
      storePage(storeOf(scope, of).versions(surfaceId ?? null, pageRequest(args))),
    effectiveConfig: (_parent, { surfaceId }, { scope }) =>
      findConfig(
        { tenant: scope.stores.config(), system: scope.stores.systemConfig() },
        surfaceId ?? null,
      ),
  }

export const configMutations: Pick<MutationResolvers, 'saveConfig' | 'restoreConfig'> = {
  saveConfig: (_parent, { input }, { scope }) => {
    const config = { payload: jsonObject(input.payload), savedBy: actorOf(scope.tenant) }
    return orStale(
      storeOf(scope, input.scope)
        .save(input.surfaceId ?? null, config, input.expectedVersion ?? null)
        .then((saved) => ({ config: saved })),
    )
  },
  restoreConfig: (_parent, { input }, { scope }) => {
    const restored = { version: input.version, savedBy: actorOf(scope.tenant) }
    return orStale(
      storeOf(scope, input.scope)
        .restore(input.surfaceId ?? null, restored, input.expectedVersion ?? null)
        .then((saved) => ({ config: saved })),
    )
  },
}

export const effectiveConfigResolvers: EffectiveConfigResolvers = {
  scope: ({ scope }) => upper(scope),
  config: (found) => found,
}

export const saveConfigResultResolvers: SaveConfigResultResolvers = {
  __resolveType: (result) => (isStale(result) ? 'StaleVersion' : 'SaveConfigPayload'),
}

function storeOf({ stores }: Scope, of: ConfigScope | null | undefined): ConfigStore {
  return of === 'SYSTEM' ? stores.systemConfig() : stores.config()
}
