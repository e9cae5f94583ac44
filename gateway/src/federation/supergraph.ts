import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Supergraph as FederationSupergraph, type Schema } from '@apollo/federation-internals'
import { printSchema, type GraphQLSchema } from 'graphql'

/** The composed schema, in each of the forms that the gateway works with. */
export interface Supergraph {
  readonly sdl: string
  /** SHA-256 of the SDL, in hexadecimal. */
  readonly id: string
  readonly subgraphs: readonly { readonly name: string; readonly url: string }[]
  /** With federation's own directives and types: for plans. */
  readonly schema: GraphQLSchema
  /** What clients see. */
  readonly apiSchema: GraphQLSchema
  readonly apiSdl: string
  /** Apollo's own forms: for its planner alone. */
  readonly federated: { readonly supergraph: FederationSupergraph; readonly api: Schema }
}

export function loadSupergraph(file: string | URL): Supergraph {
  return buildSupergraph(readFileSync(file, 'utf8'))
}

/**
 * Composition has validated what it wrote; to do so again would only cost time at every start.
 * @throws Error that says why this is no supergraph
 */
export function buildSupergraph(
  sdl: string,
  { validate = false }: { readonly validate?: boolean } = {},
): Supergraph {
  const supergraph = FederationSupergraph.build(sdl, { validateSupergraph: validate })
  const api = supergraph.apiSchema()
  const apiSchema = api.toGraphQLJSSchema()
  return {
    sdl,
    id: createHash('sha256').update(sdl).digest('hex'),
    subgraphs: [...supergraph.subgraphsMetadata()].map(({ name, url }) => ({ name, url })),
    schema: supergraph.schema.toGraphQLJSSchema(),
    apiSchema,
    apiSdl: printSchema(apiSchema),
    federated: { supergraph, api },
  }
}
