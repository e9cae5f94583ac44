// Federation without the rest of the gateway: for programs that serve, or measure, a supergraph.
export {
  createCompiledOperations,
  type CompiledOperations,
  type CompiledOperationsDeps,
} from './compiled/compiled-operations.js'
export { createOperations, type Operations, type OperationRequest } from './operations.js'
export { createPlanner, type PlanOperation } from './planner.js'
export { createSubgraphClient, type SubgraphClient } from './subgraph-client.js'
export type { Caller, FetchSubgraph, SubgraphRequest } from './subgraph-request.js'
export { buildSupergraph, loadSupergraph, type Supergraph } from './supergraph.js'
export { createLeanClient, type HttpClient } from './http/lean-client.js'
