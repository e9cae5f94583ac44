import type { Logger } from '@heirloom/telemetry'
import { createCompiledOperations } from './compiled/compiled-operations.js'
import { createPlanInterpreter, type ExecutePlan } from './execute-plan.js'
import { createOperations, type Operations } from './operations.js'
import { createPlanner, type PlanOperation } from './planner.js'
import { createSubgraphClient, type SubgraphClient } from './subgraph-client.js'
import type { Supergraph } from './supergraph.js'

/** One supergraph, and what runs operations against the subgraphs behind it. */
export interface ServedSupergraph {
  readonly supergraph: Supergraph
  /** The address of each subgraph's /graphql, by name. */
  readonly urls: ReadonlyMap<string, string>
  readonly subgraphs: SubgraphClient
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
  readonly logger: Logger
  readonly subgraphTimeoutMs?: number | undefined
}

export async function serveSupergraph(
  supergraph: Supergraph,
  { subgraphUrls, executor, logger, subgraphTimeoutMs }: ServingOptions,
): Promise<ServedSupergraph> {
  const urls = new Map(
    supergraph.subgraphs.map(({ name, url }) => [name, subgraphUrls.get(name) ?? url]),
  )
  const plan = createPlanner(supergraph)
  const subgraphs = createSubgraphClient({ urls, logger, timeoutMs: subgraphTimeoutMs })
  const fetchSubgraph = subgraphs.fetch
  const reference = await createOperations(supergraph, fetchSubgraph, logger)
  const operations =
    executor === 'reference'
      ? reference
      : createCompiledOperations({ supergraph, plan, fetchSubgraph, reference, logger })
  return {
    supergraph,
    urls,
    subgraphs,
    operations,
    plan,
    executePlan: createPlanInterpreter(supergraph.schema, fetchSubgraph),
    close: async () => {
      await operations.close()
      await subgraphs.close()
    },
  }
}
