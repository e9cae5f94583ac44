import { operationFromDocument } from '@apollo/federation-internals'
import { QueryPlanner, type QueryPlan } from '@apollo/query-planner'
import { print, type DocumentNode } from 'graphql'
import { createOverrides } from './override-shares.js'
import type { Supergraph } from './supergraph.js'

/** Plans a validated operation. The same operation always gets the same plan. */
export type PlanOperation = (document: DocumentNode, operationName?: string | null) => QueryPlan

const maxCachedPlans = 1_000

/** Apollo's planner behind a cache that forgets what was not used for longest. */
export function createPlanner(supergraph: Supergraph): PlanOperation {
  const planner = new QueryPlanner(supergraph.federated.supergraph)
  const overrides = createOverrides(supergraph.schema)
  const cache = new Map<string, QueryPlan>()

  return (document, operationName) => {
    const key = `${operationName ?? ''}\n${print(document)}`
    const plan =
      cache.get(key) ??
      planner.buildQueryPlan(
        operationFromDocument(
          supergraph.federated.api,
          document,
          typeof operationName === 'string' ? { operationName } : {},
        ),
        { overrideConditions: overrides(key) },
      )
    // A Map keeps insertion order: what is used moves to the end, the front is forgotten.
    cache.delete(key)
    cache.set(key, plan)
    const oldest = cache.keys().next()
    if (cache.size > maxCachedPlans && oldest.done !== true) cache.delete(oldest.value)
    return plan
  }
}
