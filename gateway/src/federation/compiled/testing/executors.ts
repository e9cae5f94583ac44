import { graphql } from 'graphql'
import { expect } from 'vitest'
import { testKeys, testLogger, testTenant } from '@heirloom/testkit'
import type { SubgraphServer } from '@heirloom/subgraph'
import { disableVendorTelemetry } from '../../../config.js'
import { createCallerFactory } from '../../caller.js'
import { createOperations, type OperationRequest, type Operations } from '../../operations.js'
import { plannersFor, type PlannerName } from '../../planners.js'
import { createPlanner } from '../../planner.js'
import { createSubgraphClient } from '../../subgraph-client.js'
import type { FetchSubgraph, SubgraphRequest } from '../../subgraph-request.js'
import { buildSupergraph, type Supergraph } from '../../supergraph.js'
import { createCompiledOperations, type CompiledOperations } from '../compiled-operations.js'
import { createMonolith } from './monolith.js'
import { ShopData } from './shop-data.js'
import { createShopSubgraph, shopSubgraphs, shopSupergraph } from './shop-subgraphs.js'

export interface Answer {
  readonly data: unknown
  /** Paths and codes of the errors, sorted. */
  readonly errors: readonly string[]
}

export interface Executors {
  readonly supergraph: Supergraph
  readonly compiled: CompiledOperations
  /** The compiled answer to a caller of this identity, as it is. */
  respond(operation: OperationRequest, identity: string | undefined): Promise<string>
  /** What subgraphs were sent since `sent` was emptied. */
  readonly sent: SubgraphRequest[]
  runCompiled(query: string, variables?: Record<string, unknown>): Promise<Answer>
  runReference(query: string, variables?: Record<string, unknown>): Promise<Answer>
  /** graphql-js over the same data, without any federation. */
  runMonolith(query: string, variables?: Record<string, unknown>): Promise<Answer>
  /** The compiled answer, which is the reference's. */
  expectEqual(query: string, variables?: Record<string, unknown>): Promise<Answer>
  close(): Promise<void>
}

export async function startExecutors(
  intercept: (request: SubgraphRequest, fetch: FetchSubgraph) => ReturnType<FetchSubgraph> = (
    request,
    fetch,
  ) => fetch(request),
  planner: PlannerName = 'apollo',
): Promise<Executors> {
  disableVendorTelemetry()
  const keys = await testKeys()
  const createCaller = createCallerFactory(keys.signingKey, new Map())
  const logger = testLogger()
  const data = new ShopData()
  const servers: SubgraphServer[] = []
  const urls = new Map<string, string>()
  for (const name of shopSubgraphs) {
    const server = createShopSubgraph(name, { data, verify: keys.verifier(name), logger })
    urls.set(name, `${await server.listen({ host: '127.0.0.1', port: 0 })}/graphql`)
    servers.push(server)
  }
  const client = createSubgraphClient({ urls, logger })
  const sent: SubgraphRequest[] = []
  const fetchSubgraph: FetchSubgraph = (request) => {
    sent.push(request)
    return intercept(request, client.fetch)
  }
  const supergraph = buildSupergraph(shopSupergraph())
  const monolith = createMonolith(supergraph.apiSdl, data)
  const reference = await createOperations(supergraph, fetchSubgraph, logger)
  const plans = await plannersFor(supergraph, createPlanner(supergraph), planner, logger)
  const compiled = createCompiledOperations({
    supergraph,
    plans,
    fetchSubgraph,
    reference,
    logger,
  })
  const caller = () => createCaller(testTenant())

  async function run(operations: Operations, query: string, variables?: Record<string, unknown>) {
    data.reset()
    const { body } = await operations.respond({ query, variables }, caller())
    return answerOf(JSON.parse(body) as Result)
  }

  const executors: Executors = {
    supergraph,
    compiled,
    sent,
    respond: async (operation, identity) => {
      const { body } = await compiled.respond(operation, { ...caller(), identity })
      return body
    },
    runCompiled: (query, variables) => run(compiled, query, variables),
    runReference: (query, variables) => run(reference, query, variables),
    runMonolith: async (query, variables) => {
      data.reset()
      return answerOf(
        (await graphql({
          schema: monolith,
          source: query,
          ...(variables === undefined ? {} : { variableValues: variables }),
        })) as Result,
      )
    },
    expectEqual: async (query, variables) => {
      const expected = await executors.runReference(query, variables)
      const actual = await executors.runCompiled(query, variables)
      expect(actual, query).toEqual(expected)
      return actual
    },
    close: async () => {
      await compiled.close()
      await client.close()
      await Promise.all(servers.map((server) => server.close()))
    },
  }
  return executors
}

interface Result {
  readonly data?: unknown
  readonly errors?: readonly {
    readonly path?: readonly (string | number)[]
    readonly extensions?: { readonly code?: string }
  }[]
}

function answerOf({ data, errors }: Result): Answer {
  const paths = (errors ?? []).map(
    ({ path, extensions }) => `${(path ?? []).join('.')} ${extensions?.code ?? ''}`,
  )
  return { data: JSON.parse(JSON.stringify(data ?? null)) as unknown, errors: paths.toSorted() }
}
