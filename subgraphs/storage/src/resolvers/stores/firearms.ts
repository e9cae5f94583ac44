import { actorOf } from '../../domain/scope.js'
import { saveActionBinding } from '../../domain/stores/save-action-binding.js'
import type {
  FirearmGrantResolvers,
  FirearmsAuditResolvers,
  FirearmsDecisionResolvers,
  MutationResolvers,
  QueryResolvers,
  SaveActionBindingResultResolvers,
} from '../../generated/resolvers.js'
import { lower, upper } from '../enum-names.js'
import { pageRequest, storePage } from '../store-page.js'
import { isStale, orStale } from './stale-version.js'

export const firearmsQueries: Pick<
  QueryResolvers,
  | 'actionBinding'
  | 'actionBindings'
  | 'firearmGrants'
  | 'firearmHolders'
  | 'firearmsDecision'
  | 'firearmsAudit'
> = {
  actionBinding: (_parent, { actionName }, { scope }) =>
    scope.stores.firearms().binding(actionName),
  actionBindings: (_parent, { firearmId, ...args }, { scope }) => {
    const store = scope.stores.firearms()
    const page = pageRequest(args)
    return storePage(
      typeof firearmId === 'string' ? store.bindingsOf(firearmId, page) : store.bindings(page),
    )
  },
  firearmGrants: (_parent, { actorType, actorId, ...args }, { scope }) => {
    const actor = { actorType: lower(actorType), actorId }
    return storePage(scope.stores.firearms().grantsOf(actor, pageRequest(args)))
  },
  firearmHolders: (_parent, { firearmId, ...args }, { scope }) =>
    storePage(scope.stores.firearms().holdersOf(firearmId, pageRequest(args))),
  firearmsDecision: (_parent, { actionName, holdsStrategyLock }, { scope }) => {
    const { kind, id } = scope.tenant.actor
    const actor = { actorType: kind, actorId: id }
    return scope.stores.firearms().decide(actionName, actor, holdsStrategyLock ?? false)
  },
  firearmsAudit: (_parent, args, { scope }) =>
    storePage(scope.stores.firearms().audit(pageRequest(args))),
}

export const firearmsMutations: Pick<
  MutationResolvers,
  'saveActionBinding' | 'deleteActionBinding' | 'grantFirearm' | 'revokeFirearm'
> = {
  saveActionBinding: (_parent, { input }, { scope }) => {
    const { actionName, firearmId, strategyLockRequired, note, expectedRevision } = input
    const given = {
      actionName,
      firearmId,
      strategyLockRequired: strategyLockRequired ?? false,
      note: note ?? null,
    }
    const by = actorOf(scope.tenant)
    return orStale(
      saveActionBinding(scope.stores, given, expectedRevision, by).then((binding) => ({ binding })),
    )
  },
  deleteActionBinding: async (_parent, { input: { actionName } }, { scope }) => ({
    deleted: await scope.stores.firearms().unbind(actionName, actorOf(scope.tenant)),
  }),
  grantFirearm: async (_parent, { input }, { scope }) => ({
    grant: await scope.stores.firearms().grant(
      {
        firearmId: input.firearmId,
        actorType: lower(input.actorType),
        actorId: input.actorId,
        reason: input.reason ?? null,
        expiresAt: input.expiresAt ?? null,
      },
      actorOf(scope.tenant),
    ),
  }),
  revokeFirearm: async (_parent, { input }, { scope }) => {
    const actor = { actorType: lower(input.actorType), actorId: input.actorId }
    const by = actorOf(scope.tenant)
    return { revoked: await scope.stores.firearms().revoke(actor, input.firearmId, by) }
  },
}

export const firearmGrantResolvers: FirearmGrantResolvers = {
  actorType: ({ actorType }) => upper(actorType),
}

export const firearmsDecisionResolvers: FirearmsDecisionResolvers = {
  refusal: (decision) => (decision.allowed ? null : decision.reason),
}

export const firearmsAuditResolvers: FirearmsAuditResolvers = {
  change: ({ change }) => upper(change),
}

export const saveActionBindingResultResolvers: SaveActionBindingResultResolvers = {
  __resolveType: (result) => (isStale(result) ? 'StaleVersion' : 'SaveActionBindingPayload'),
}
