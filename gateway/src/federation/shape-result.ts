import {
  execute,
  GraphQLError,
  type DocumentNode,
  type ExecutionResult,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  type GraphQLTypeResolver,
} from 'graphql'
import { getOwn, isObject, type JsonObject } from './json.js'
import type { SubgraphError } from './subgraph-request.js'

export interface ShapeInput {
  /** The schema that clients see. */
  readonly schema: GraphQLSchema
  /** The client's own document: what the plan added to it does not show in the result. */
  readonly document: DocumentNode
  readonly operationName?: string | null | undefined
  readonly variables: Readonly<Record<string, unknown>>
  /** Merged answers of the subgraphs. */
  readonly data: JsonObject
  readonly errors: readonly SubgraphError[]
}

/**
 * Turns merged data into the client's result by executing its document over that data: field
 * order, aliases, fragments, __typename, introspection and the propagation of nulls are
 * graphql-js's own. A null where the schema promises a value is an error in its own right only
 * when no subgraph has explained it.
 */
export function shapeResult(input: ShapeInput): ExecutionResult {
  const shaped = execute({
    schema: input.schema,
    document: input.document,
    operationName: input.operationName,
    variableValues: input.variables,
    rootValue: input.data,
    fieldResolver: byResponseKey,
    typeResolver: byTypename,
  })
  if (shaped instanceof Promise) throw new Error('unreachable: plain data resolves at once')
  const reported = input.errors.map(
    ({ message, path, extensions }) => new GraphQLError(message, { path, extensions }),
  )
  const { errors, data } = withMissingValues(reported, shaped)
  return { ...(errors.length === 0 ? {} : { errors }), data }
}

/**
 * What to say about values that are missing although the schema promises them. A reference to an
 * entity that is gone (a story deleted since) reads as null without further words, which is how
 * federated gateways commonly answer; only when nothing at all is left does the caller get told.
 */
function withMissingValues(
  reported: readonly GraphQLError[],
  result: ExecutionResult,
): { errors: readonly GraphQLError[]; data: ExecutionResult['data'] } {
  const missing = (result.errors ?? []).map(
    ({ message, path }) => new GraphQLError(message, { path, extensions: { code: 'NOT_FOUND' } }),
  )
  const explains = reported.length > 0 || (result.data !== null && missing.length > 0)
  return { errors: explains ? reported : missing, data: result.data ?? null }
}

const byResponseKey: GraphQLFieldResolver<unknown, unknown> = (source, _args, _context, info) =>
  isObject(source) ? getOwn(source, String(info.path.key)) : undefined

const byTypename: GraphQLTypeResolver<unknown, unknown> = (value) => {
  const typename = isObject(value) ? getOwn(value, '__typename') : undefined
  return typeof typename === 'string' ? typename : undefined
}
