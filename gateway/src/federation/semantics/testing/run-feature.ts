import { composeServices } from '@apollo/composition'
import { buildSubgraphSchema } from '@apollo/subgraph'
import { graphql, parse, type GraphQLSchema } from 'graphql'
import { testLogger } from '@heirloom/testkit'
import { testCaller } from '../../../testing/test-caller.js'
import {
  createCompiledOperations,
  type OperationCounts,
} from '../../compiled/compiled-operations.js'
import { createOpenErrorFormatter } from '../../format-error.js'
import type { JsonObject } from '../../json.js'
import { defaultPolicy } from '../../operation-policy.js'
import { createOperations, type Operations } from '../../operations.js'
import { createPlanner } from '../../planner.js'
import { plannersFor, type PlannerName } from '../../planners.js'
import type { FetchSubgraph, SubgraphError } from '../../subgraph-request.js'
import { buildSupergraph } from '../../supergraph.js'
import { placed, type Feature } from './feature.js'

export interface Ran {
  readonly data: unknown
  readonly errors: readonly string[]
  readonly asked: readonly string[]
}

export interface RunnableFeature {
  readonly supergraphSdl: string
  run(query: string, variables?: Readonly<Record<string, unknown>>): Promise<Ran>
  runReference(query: string, variables?: Readonly<Record<string, unknown>>): Promise<Ran>
  counts(): OperationCounts
  close(): Promise<void>
}

const link = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [
  "@key" "@external" "@requires" "@provides" "@shareable" "@override" "@inaccessible"
  "@interfaceObject" "@extends" "@tag"
])`

/** Composes a feature's subgraphs, and serves them in this process: real schemas, no sockets. */
export async function runnable(
  { name, subgraphs }: Feature,
  planner: PlannerName,
): Promise<RunnableFeature> {
  const services = Object.entries(subgraphs).map(([subgraph, { sdl }]) => ({
    name: subgraph,
    url: `http://${subgraph}.invalid/graphql`,
    typeDefs: parse(`${link} ${sdl}`),
  }))
  const { supergraphSdl, errors } = composeServices(services)
  if (supergraphSdl === undefined) throw new Error(`${name}: ${errors?.map(String).join('\n')}`)
  const schemas = new Map<string, GraphQLSchema>(
    services.map((service) => {
      const resolvers = subgraphs[service.name]?.resolvers as never
      return [service.name, buildSubgraphSchema({ typeDefs: service.typeDefs, resolvers })]
    }),
  )
  const asked: string[] = []
  const fetchSubgraph: FetchSubgraph = async ({ subgraph, query, variables, body }) => {
    asked.push(subgraph)
    const schema = schemas.get(subgraph)
    if (schema === undefined) throw new Error(`there is no subgraph ${subgraph}`)
    const sent = body === undefined ? { query, variables } : (JSON.parse(body) as Sent)
    const result = await graphql({
      schema,
      source: sent.query,
      variableValues: { ...sent.variables },
    })
    return JSON.parse(JSON.stringify(result)) as { data?: JsonObject; errors?: SubgraphError[] }
  }
  const logger = testLogger()
  const policy = { ...defaultPolicy, formatErrors: createOpenErrorFormatter }
  const supergraph = buildSupergraph(supergraphSdl)
  const reference = await createOperations(supergraph, fetchSubgraph, logger, policy)
  const referencePlan = createPlanner(supergraph)
  const compiled = createCompiledOperations({
    supergraph,
    plans: await plannersFor(supergraph, referencePlan, planner, logger),
    fetchSubgraph,
    reference,
    referencePlan,
    logger,
    policy,
  })

  async function run(
    operations: Pick<Operations, 'respond'>,
    query: string,
    variables: Readonly<Record<string, unknown>> = {},
  ): Promise<Ran> {
    asked.length = 0
    const { body } = await operations.respond({ query, variables }, testCaller())
    const result = JSON.parse(body) as { data?: unknown; errors?: { message: string }[] }
    return {
      data: result.data ?? null,
      errors: (result.errors ?? []).map(placed),
      asked: [...asked],
    }
  }

  return {
    supergraphSdl,
    run: (query, variables) => run(compiled, query, variables),
    runReference: (query, variables) => run(reference, query, variables),
    counts: () => compiled.counts(),
    close: () => compiled.close(),
  }
}

interface Sent {
  readonly query: string
  readonly variables: Readonly<Record<string, unknown>>
}
