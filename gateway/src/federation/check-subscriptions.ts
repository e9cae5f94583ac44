import type { QueryPlan } from '@apollo/query-planner'
import { AppError } from '@heirloom/errors'
import { checkPlan } from './compiled/check-plan.js'
import { readSubgraphNeeds } from './compiled/subgraph-needs.js'
import { Unsound } from './compiled/unsupported.js'
import type { PlanOperation } from './planner.js'
import type { Supergraph } from './supergraph.js'

/**
 * Plans as before, but holds the plans of subscriptions against what they are for; those of queries
 * and mutations are checked where they are compiled.
 * @throws AppError INTERNAL that says what a subscription's plan would get wrong
 */
export function checkSubscriptions(supergraph: Supergraph, plan: PlanOperation): PlanOperation {
  const schemas = { api: supergraph.apiSchema, supergraph: supergraph.schema }
  const needs = readSubgraphNeeds(supergraph.schema)
  const checked = new WeakSet<QueryPlan>()

  return (document, operationName) => {
    const planned = plan(document, operationName)
    const { node } = planned
    if (node?.kind !== 'Subscription' || checked.has(planned)) return planned
    const { primary, rest } = node
    const nodes = rest === undefined ? [primary] : [primary, rest]
    try {
      checkPlan(schemas, needs, document, { node: { kind: 'Sequence', nodes } })
    } catch (error) {
      if (!(error instanceof Unsound)) throw error
      const message = `this cannot be followed for certain: ${error.message}`
      throw new AppError('INTERNAL', message, { cause: error })
    }
    checked.add(planned)
    return planned
  }
}
