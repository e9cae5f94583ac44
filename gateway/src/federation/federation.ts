import type { Logger } from '@heirloom/telemetry'
import type { SigningKey } from '@heirloom/tenancy'
import type { GatewayConfig } from '../config.js'
import { createCallerFactory, type CreateCaller } from './caller.js'
import { createPlanInterpreter, type ExecutePlan } from './execute-plan.js'
import { createCompiledOperations } from './compiled/compiled-operations.js'
import { createOperations, type Operations } from './operations.js'
import { createPlanner, type PlanOperation } from './planner.js'
import { createSubgraphClient, type SubgraphClient } from './subgraph-client.js'
import { loadSupergraph, type Supergraph } from './supergraph.js'

export interface Federation {
  readonly supergraph: Supergraph
  /** The address of each subgraph's /graphql, by name. */
  readonly urls: ReadonlyMap<string, string>
  readonly subgraphs: SubgraphClient
  readonly createCaller: CreateCaller
  readonly operations: Operations
  readonly plan: PlanOperation
  readonly executePlan: ExecutePlan
  close(): Promise<void>
}

export interface FederationDeps {
  readonly config: GatewayConfig
  readonly signingKey: SigningKey
  readonly logger: Logger
  readonly subgraphTimeoutMs?: number | undefined
  readonly now: () => number
}

/** The supergraph, and what runs operations against the subgraphs behind it. */
export async function createFederation(deps: FederationDeps): Promise<Federation> {
  const { config, logger, signingKey, now } = deps
  const supergraph = loadSupergraph(config.supergraphFile)
  const urls = new Map(
    supergraph.subgraphs.map(({ name, url }) => [name, config.subgraphUrls.get(name) ?? url]),
  )
  const subgraphs = createSubgraphClient({ urls, logger, timeoutMs: deps.subgraphTimeoutMs })
  const plan = createPlanner(supergraph)
  const reference = await createOperations(supergraph, subgraphs.fetch, logger)
  const operations =
    config.executor === 'reference'
      ? reference
      : createCompiledOperations({
          supergraph,
          plan,
          fetchSubgraph: subgraphs.fetch,
          reference,
          logger,
        })
  return {
    supergraph,
    urls,
    subgraphs,
    createCaller: createCallerFactory(signingKey, config.asks, now),
    operations,
    plan,
    executePlan: createPlanInterpreter(supergraph.schema, subgraphs.fetch),
    close: async () => {
      await operations.close()
      await subgraphs.close()
    },
  }
}
