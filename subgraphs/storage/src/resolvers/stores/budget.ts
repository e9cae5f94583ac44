import { actorOf, projectOf } from '../../domain/scope.js'
import type {
  BudgetUsageResolvers,
  MutationResolvers,
  QueryResolvers,
  SpendBudgetResultResolvers,
} from '../../generated/resolvers.js'
import { lower, upper } from '../enum-names.js'
import { pageRequest, storePage } from '../store-page.js'

export const budgetQueries: Pick<
  QueryResolvers,
  'budgetUsage' | 'budgetHistory' | 'budgetEntries'
> = {
  budgetUsage: (_parent, { budget, projectId }, { scope }) =>
    scope.stores.budgets().usage(budget, projectId ?? null),
  budgetHistory: (_parent, { budget, projectId, ...args }, { scope }) =>
    storePage(scope.stores.budgets().history(budget, projectId ?? null, pageRequest(args))),
  budgetEntries: (_parent, { budget, ...args }, { scope }) =>
    storePage(scope.stores.budgets().entries(budget, projectOf(scope.tenant), pageRequest(args))),
}

export const budgetMutations: Pick<
  MutationResolvers,
  'setBudgetLimit' | 'spendBudget' | 'refundBudget'
> = {
  setBudgetLimit: async (_parent, { input }, { scope }) => {
    const { budget, projectId, limit, period } = input
    const usage = await scope.stores
      .budgets()
      .setLimit(budget, projectId ?? null, { limit: limit ?? null, period: lower(period) })
    return { usage }
  },
  spendBudget: async (_parent, { input }, { scope }) => {
    const { budget, amount, idempotencyKey, kind } = input
    const spend = { amount, idempotencyKey, kind, by: actorOf(scope.tenant) }
    const outcome = await scope.stores.budgets().spend(budget, projectOf(scope.tenant), spend)
    return outcome.accepted
      ? { entry: outcome.entry }
      : { message: 'this would pass the limit', refusedBy: outcome.refusedBy }
  },
  refundBudget: async (_parent, { input }, { scope }) => {
    const { budget, idempotencyKey, refunded } = input
    const entry = await scope.stores
      .budgets()
      .refund(budget, projectOf(scope.tenant), { idempotencyKey, refunded })
    return { entry }
  },
}

export const budgetUsageResolvers: BudgetUsageResolvers = {
  period: ({ period }) => upper(period),
}

export const spendBudgetResultResolvers: SpendBudgetResultResolvers = {
  __resolveType: (result) => ('entry' in result ? 'BudgetSpent' : 'BudgetExceeded'),
}
