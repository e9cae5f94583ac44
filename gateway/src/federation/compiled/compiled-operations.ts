import { execute, getVariableValues, GraphQLError, print } from 'graphql'
import type { Logger } from '@heirloom/telemetry'
import { createErrorFormatter } from '../format-error.js'
import { getOwn, isObject, type JsonObject } from '../json.js'
import type { OperationRequest, Operations, OperationText } from '../operations.js'
import type { PlanOperation } from '../planner.js'
import type { Caller, FetchSubgraph, SubgraphError } from '../subgraph-request.js'
import type { Supergraph } from '../supergraph.js'
import {
  createOperationCompiler,
  type CompiledOperation,
  type PreparedOperation,
} from './compile-operation.js'
import { MalformedData } from './compile-serializer.js'
import { createOwnKeys, type OwnKeys } from './own-keys.js'
import type { FallbackReason } from './unsupported.js'

export interface CompiledOperations extends Operations {
  /** How many operations were compiled code's, and how many the reference's, by reason. */
  counts(): { readonly compiled: number; readonly fallbacks: ReadonlyMap<FallbackReason, number> }
}

export interface CompiledOperationsDeps {
  readonly supergraph: Supergraph
  readonly plan: PlanOperation
  readonly fetchSubgraph: FetchSubgraph
  /** Runs what is not understood. Closed with the operations. */
  readonly reference: Operations
  readonly logger: Logger
}

/**
 * Operations as compiled code. Whatever it does not understand goes to the reference executor, as
 * a whole and before anything is sent: a mutation never runs twice.
 */
export function createCompiledOperations(deps: CompiledOperationsDeps): CompiledOperations {
  const { supergraph, fetchSubgraph, reference, logger } = deps
  const ownKeys = createOwnKeys(supergraph.schema)
  const compiler = createOperationCompiler(supergraph, deps.plan, ownKeys, logger)
  const fallbacks = new Map<FallbackReason, number>()
  let compiledCount = 0

  return {
    respond,
    run: async (operation, caller) => {
      const { status, body } = await respond(operation, caller)
      return { status, result: JSON.parse(body) as JsonObject }
    },
    counts: () => ({ compiled: compiledCount, fallbacks: new Map(fallbacks) }),
    close: () => reference.close(),
  }

  async function respond(request: OperationRequest, caller: Caller): Promise<OperationText> {
    const query = typeof request.query === 'string' ? request.query : print(request.query)
    const prepared = compiler.prepare(query, request.operationName)
    if (typeof prepared === 'string') return fallBack(prepared, request, caller)
    const given = request.variables ?? {}
    const variables = coerced(prepared, given)
    if (variables === undefined) return fallBack('invalid_variables', request, caller)
    const compiled = compiler.compile(prepared, variables)
    if (typeof compiled === 'string') return fallBack(compiled, request, caller)
    compiledCount += 1
    return { status: 200, body: await runCompiled(compiled, { given, variables, caller }) }
  }

  function fallBack(
    reason: FallbackReason,
    request: OperationRequest,
    caller: Caller,
  ): Promise<OperationText> {
    fallbacks.set(reason, (fallbacks.get(reason) ?? 0) + 1)
    return reference.respond(request, caller)
  }

  function coerced(
    { definition }: PreparedOperation,
    given: Readonly<Record<string, unknown>>,
  ): Readonly<Record<string, unknown>> | undefined {
    const { variableDefinitions } = definition
    if (variableDefinitions === undefined || variableDefinitions.length === 0) return noVariables
    return getVariableValues(supergraph.apiSchema, variableDefinitions, given, onlyOne).coerced
  }

  async function runCompiled(
    compiled: CompiledOperation,
    { given, variables, caller }: Given,
  ): Promise<string> {
    const data: JsonObject = {}
    const errors: SubgraphError[] = []
    await compiled.execute({
      data,
      given,
      variables,
      errors,
      send: (fetch, body) =>
        fetchSubgraph({
          subgraph: fetch.subgraph,
          query: fetch.operation,
          variables: noVariables,
          body,
          caller,
        }),
    })
    const format = createErrorFormatter(caller.tenant.requestId, logger)
    try {
      const text = compiled.serialize(data, variables)
      const reported =
        errors.length > 0
          ? errors.map((error) => asGraphQLError(error, ownKeys))
          : text === null
            ? missing()
            : undefined
      return reported === undefined
        ? `{"data":${text}}`
        : `{"errors":${JSON.stringify(reported.map(format))},"data":${text}}`
    } catch (error) {
      if (!(error instanceof MalformedData)) throw error
      return JSON.stringify({ errors: [format(error)] })
    }

    /** Says which values are missing when, for lack of them, nothing at all is left. */
    function missing(): readonly GraphQLError[] {
      return missingValues(compiled, data, given)
    }
  }

  function missingValues(
    { document }: CompiledOperation,
    data: JsonObject,
    given: Readonly<Record<string, unknown>>,
  ): readonly GraphQLError[] {
    const shaped = execute({
      schema: supergraph.apiSchema,
      document,
      variableValues: given,
      rootValue: data,
      fieldResolver: (source, _args, _context, info) =>
        isObject(source)
          ? getOwn(source, ownKeys.dataKey(String(info.path.key), info.fieldName))
          : undefined,
      typeResolver: (value) => {
        const typename = isObject(value) ? getOwn(value, '__typename') : undefined
        return typeof typename === 'string' ? typename : undefined
      },
    })
    const errors = shaped instanceof Promise ? [] : (shaped.errors ?? [])
    return errors.map(
      ({ message, path }) => new GraphQLError(message, { path, extensions: { code: 'NOT_FOUND' } }),
    )
  }
}

interface Given {
  readonly given: Readonly<Record<string, unknown>>
  readonly variables: Readonly<Record<string, unknown>>
  readonly caller: Caller
}

const noVariables: Readonly<Record<string, unknown>> = Object.freeze({})
const onlyOne = { maxErrors: 1 }

function asGraphQLError(
  { message, path, extensions }: SubgraphError,
  ownKeys: OwnKeys,
): GraphQLError {
  const code: unknown = extensions?.['code'] ?? 'DOWNSTREAM_SERVICE_ERROR'
  return new GraphQLError(message === '' ? 'a subgraph failed' : message, {
    path: path === undefined ? undefined : ownKeys.clientPath(path),
    extensions: { ...extensions, code },
  })
}
