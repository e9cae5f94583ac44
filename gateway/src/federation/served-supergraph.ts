import type { Logger } from '@heirloom/telemetry'
import { createDocuments, type Documents } from '../guard/documents.js'
import { checkSubscriptions } from './check-subscriptions.js'
import { createCompiledOperations, type OperationObserver } from './compiled/compiled-operations.js'
import { createPlanInterpreter, type ExecutePlan } from './execute-plan.js'
import { createRefuse, guardOperations } from './guarded-operations.js'
import { defaultPolicy, type OperationPolicy } from './operation-policy.js'
import { createOperations, type Operations } from './operations.js'
import { plannersFor, type PlannerName } from './planners.js'
import { createPlanner, type PlanOperation } from './planner.js'
import { createSubgraphClient, type SubgraphClient } from './subgraph-client.js'
import type { Supergraph } from './supergraph.js'

/** One supergraph, and what runs operations against the subgraphs behind it. */
export interface ServedSupergraph {
  readonly supergraph: Supergraph
  /** The address of each subgraph's /graphql, by name. */
  readonly urls: ReadonlyMap<string, string>
  readonly subgraphs: SubgraphClient
  readonly policy: OperationPolicy
  readonly documents: Documents
  readonly operations: Operations
  readonly plan: PlanOperation
  readonly executePlan: ExecutePlan
  close(): Promise<void>
}

/** What stays the same from one supergraph to the next. */
export interface ServingOptions {
  /** Addresses that differ from those in the supergraph, by the subgraph's name. */
  readonly subgraphUrls: ReadonlyMap<string, string>
  /** What runs queries and mutations: Apollo's executor, or plans compiled to code. */
  readonly executor: 'reference' | 'compiled'
  /** Whose plans are compiled; auto by default. */
  readonly planner?: PlannerName | undefined
  /** Whether a query that its caller repeats while it is under way runs once; true by default. */
  readonly shareInFlight?: boolean | undefined
  readonly observer?: OperationObserver | undefined
  readonly logger: Logger
  readonly subgraphTimeoutMs?: number | undefined
  readonly policy?: OperationPolicy | undefined
}

export async function serveSupergraph(
  supergraph: Supergraph,
  options: ServingOptions,
): Promise<ServedSupergraph> {
  const { subgraphUrls, executor, logger, policy = defaultPolicy } = options
  const urls = new Map(
    supergraph.subgraphs.map(({ name, url }) => [name, subgraphUrls.get(name) ?? url]),
  )
  const plan = createPlanner(supergraph)
  const subgraphs = createSubgraphClient({ urls, logger, timeoutMs: options.subgraphTimeoutMs })
  const fetchSubgraph = subgraphs.fetch
  const { apiSchema } = supergraph
  const documents = createDocuments({ ...supergraph, policy })
  const reference = await createOperations(supergraph, fetchSubgraph, logger, policy)
  const operations =
    executor === 'reference'
      ? guardOperations(reference, apiSchema, documents, createRefuse(policy.formatErrors, logger))
      : createCompiledOperations({
          supergraph,
          documents,
          plans: await plannersFor(supergraph, plan, options.planner ?? 'auto', logger),
          fetchSubgraph,
          reference,
          referencePlan: plan,
          logger,
          policy,
          shareInFlight: options.shareInFlight,
          observer: options.observer,
        })
  return {
    supergraph,
    urls,
    subgraphs,
    policy,
    documents,
    operations,
    plan: checkSubscriptions(supergraph, plan),
    executePlan: createPlanInterpreter(supergraph.schema, fetchSubgraph),
    close: async () => {
      await operations.close()
      await subgraphs.close()
    },
  }
}
