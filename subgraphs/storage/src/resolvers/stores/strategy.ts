import { actorOf } from '../../domain/scope.js'
import { effectiveStrategyPolicy } from '../../domain/stores/effective-strategy-policy.js'
import type {
  MutationResolvers,
  QueryResolvers,
  SaveStrategyPolicyResultResolvers,
  StrategyPolicyResolvers,
} from '../../generated/resolvers.js'
import { lower, upper } from '../enum-names.js'
import { pageRequest, storePage } from '../store-page.js'
import { isStale, orStale } from './stale-version.js'

export const strategyQueries: Pick<
  QueryResolvers,
  'strategyPolicy' | 'strategyPolicies' | 'effectiveStrategyPolicy'
> = {
  strategyPolicy: (_parent, { surfaceId, actionName }, { scope }) =>
    scope.stores.strategies(surfaceId ?? null).get(surfaceId ?? null, actionName),
  strategyPolicies: (_parent, { surfaceId, ...args }, { scope }) =>
    storePage(
      scope.stores.strategies(surfaceId ?? null).list(surfaceId ?? null, pageRequest(args)),
    ),
  effectiveStrategyPolicy: (_parent, { surfaceId, actionName }, { scope }) =>
    effectiveStrategyPolicy(scope.stores, surfaceId ?? null, actionName),
}

export const strategyMutations: Pick<
  MutationResolvers,
  'saveStrategyPolicy' | 'deleteStrategyPolicy' | 'seedStrategyPolicies'
> = {
  saveStrategyPolicy: (_parent, { input }, { scope }) => {
    const surfaceId = input.surfaceId ?? null
    const policy = {
      surfaceId,
      actionName: input.actionName,
      requiresLock: input.requiresLock,
      lockId: input.lockId ?? null,
      approverPolicy: lower(input.approverPolicy),
      defaultBehavior: lower(input.defaultBehavior),
    }
    return orStale(
      scope.stores
        .strategies(surfaceId)
        .set(policy, actorOf(scope.tenant), input.expectedRevision ?? null)
        .then((saved) => ({ policy: saved })),
    )
  },
  deleteStrategyPolicy: async (_parent, { input }, { scope }) => {
    const surfaceId = input.surfaceId ?? null
    const store = scope.stores.strategies(surfaceId)
    return { deleted: await store.remove(surfaceId, input.actionName) }
  },
  seedStrategyPolicies: async (_parent, _args, { scope }) => ({
    added: [...(await scope.stores.strategies(null).seed(actorOf(scope.tenant)))],
  }),
}

export const strategyPolicyResolvers: StrategyPolicyResolvers = {
  approverPolicy: ({ approverPolicy }) => upper(approverPolicy),
  defaultBehavior: ({ defaultBehavior }) => upper(defaultBehavior),
}

export const saveStrategyPolicyResultResolvers: SaveStrategyPolicyResultResolvers = {
  __resolveType: (result) => (isStale(result) ? 'StaleVersion' : 'SaveStrategyPolicyPayload'),
}
