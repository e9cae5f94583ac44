import { setImmediate as nextTurn } from 'node:timers/promises'
import { execute, getVariableValues, GraphQLError, OperationTypeNode } from 'graphql'
import { AppError } from '@heirloom/errors'
import type { Logger } from '@heirloom/telemetry'
import { createDocuments, type Documents } from '../../guard/documents.js'
import { createRefuse, withText } from '../guarded-operations.js'
import { getOwn, isObject, type JsonObject } from '../json.js'
import { defaultPolicy, type OperationPolicy } from '../operation-policy.js'
import type { OperationInUse, OperationRequest, Operations, OperationText } from '../operations.js'
import type { PlanForExecution } from '../plan.js'
import type { Caller, FetchSubgraph, SubgraphError } from '../subgraph-request.js'
import type { Supergraph } from '../supergraph.js'
import {
  createOperationCompiler,
  type CompiledOperation,
  type PreparedOperation,
} from './compile-operation.js'
import { MalformedData } from './compile-serializer.js'
import { InFlight } from './in-flight.js'
import { createOwnKeys, type OwnKeys } from './own-keys.js'
import type { FallbackReason } from './unsupported.js'

export interface OperationCounts {
  /** Run by compiled code; how many of these were handed what another was waiting for already. */
  readonly compiled: number
  readonly shared: number
  /** Answered with an error, because no plan was sound. */
  readonly refused: number
  /** Left to the reference, by reason. */
  readonly fallbacks: ReadonlyMap<FallbackReason, number>
}

/** What became of an operation, told as it is decided. */
export interface OperationObserver {
  readonly ran: (how: 'compiled' | 'shared' | 'refused') => void
  readonly leftToReference: (reason: FallbackReason) => void
}

export interface CompiledOperations extends Operations {
  counts(): OperationCounts
}

export interface CompiledOperationsDeps {
  readonly supergraph: Supergraph
  /** Read for this supergraph and policy. */
  readonly documents?: Documents | undefined
  /** Asked in this order: the next where one has no plan that can be compiled. */
  readonly plans: readonly PlanForExecution[]
  readonly fetchSubgraph: FetchSubgraph
  /** Runs what is not understood. Closed with the operations. */
  readonly reference: Operations
  /** Plans as the reference does, to be checked before anything is left to it. */
  readonly referencePlan?: PlanForExecution | undefined
  readonly logger: Logger
  readonly policy?: OperationPolicy | undefined
  /**
   * Whether a query that a caller repeats while it is under way is answered with that answer.
   * Never so across callers, nor across a mutation that ended in between.
   */
  readonly shareInFlight?: boolean | undefined
  readonly observer?: OperationObserver | undefined
}

/** What came of an operation, before it is told to anybody. */
interface Outcome {
  readonly text: string | null
  /** Undefined when nothing went wrong; what cannot be told beside data has none. */
  readonly errors: readonly (GraphQLError | MalformedData)[] | undefined
}

/**
 * Operations as compiled code. Whatever it does not understand goes to the reference executor, as
 * a whole and before anything is sent: a mutation never runs twice.
 */
export function createCompiledOperations(deps: CompiledOperationsDeps): CompiledOperations {
  const { supergraph, fetchSubgraph, reference, logger, policy = defaultPolicy } = deps
  const ownKeys = createOwnKeys(supergraph.schema)
  const compiler = createOperationCompiler(supergraph, deps.plans, ownKeys, {
    logger,
    referencePlan: deps.referencePlan,
  })
  const {
    observer,
    shareInFlight = true,
    documents = createDocuments({ ...supergraph, policy }),
  } = deps
  const refuse = createRefuse(policy.formatErrors, logger)
  const fallbacks = new Map<FallbackReason, number>()
  const inFlight = new InFlight<Outcome>()
  let compiledCount = 0
  let refusedCount = 0

  return {
    respond,
    run: async (operation, caller) => {
      const { status, body } = await respond(operation, caller)
      return { status, result: JSON.parse(body) as JsonObject }
    },
    counts: () => ({
      compiled: compiledCount,
      shared: inFlight.shared,
      refused: refusedCount,
      fallbacks: new Map(fallbacks),
    }),
    inUse: () => compiler.inUse(),
    warm,
    close: () => reference.close(),
  }

  async function warm(operations: readonly OperationInUse[]): Promise<void> {
    const end = performance.now() + maxWarmMs
    // What was used last is ready first: there may not be time for all.
    for (const { query, variants } of operations.toReversed()) {
      const read = documents.read({ query })
      const prepared = 'id' in read ? compiler.prepare(read) : 'not_a_query_or_mutation'
      // Not valid any more: its clients will be told.
      if (typeof prepared === 'string') continue
      for (const variables of variants) {
        if (performance.now() > end) return
        compiler.compile(prepared, variables)
        await nextTurn()
      }
    }
  }

  async function respond(request: OperationRequest, caller: Caller): Promise<OperationText> {
    const read = documents.read(request)
    if (!('id' in read)) return refusedUnread(read, caller)
    const prepared = compiler.prepare(read)
    const asked = withText(request, read)
    if (typeof prepared === 'string') return fallBack(prepared, asked, caller)
    const given = request.variables ?? {}
    const variables = coerced(prepared, given)
    if (variables === undefined) return fallBack('invalid_variables', asked, caller)
    const { cost, refusal } = read.priced(variables)
    if (refusal !== undefined) return refusedUnread([refusal], caller)
    const charged = request.charge?.({ id: read.id, cost })
    if (charged !== undefined) await charged
    const compiled = compiler.compile(prepared, variables)
    if (typeof compiled === 'string') return fallBack(compiled, asked, caller)
    if ('refusal' in compiled) return refused(compiled.refusal, caller)
    compiledCount += 1
    observer?.ran('compiled')
    const outcome = await outcomeOf(prepared, compiled, { given, variables, caller })
    return { status: 200, body: told(outcome, caller) }
  }

  function refusedUnread(errors: readonly GraphQLError[], caller: Caller): OperationText {
    const { status, result } = refuse(errors, caller)
    return { status, body: JSON.stringify(result) }
  }

  function refused(reason: string, caller: Caller): OperationText {
    refusedCount += 1
    observer?.ran('refused')
    const error = new AppError('INTERNAL', `this cannot be answered for certain: ${reason}`)
    const format = policy.formatErrors(caller.requestId, logger)
    return { status: 200, body: JSON.stringify({ errors: [format(error)], data: null }) }
  }

  async function fallBack(
    reason: FallbackReason,
    request: OperationRequest,
    caller: Caller,
  ): Promise<OperationText> {
    const before = fallbacks.get(reason) ?? 0
    fallbacks.set(reason, before + 1)
    observer?.leftToReference(reason)
    // A client's mistake is nothing to be told of; a gap of ours is, once.
    if (before === 0 && !reason.startsWith('invalid_')) {
      const about = { reason, request_id: caller.requestId }
      logger.warn(about, 'an operation is left to the reference executor')
    }
    try {
      return await reference.respond(request, caller)
    } finally {
      // It may have been a mutation.
      inFlight.forget()
    }
  }

  async function outcomeOf(
    { definition }: PreparedOperation,
    compiled: CompiledOperation,
    run: Given,
  ): Promise<Outcome> {
    if (definition.operation !== OperationTypeNode.QUERY) {
      try {
        return await runCompiled(compiled, run)
      } finally {
        inFlight.forget()
      }
    }
    const { identity } = run.caller
    if (!shareInFlight || identity === undefined) return runCompiled(compiled, run)
    const key = `${compiled.id} ${JSON.stringify(run.given)} ${identity}`
    const sharedBefore = inFlight.shared
    const outcome = inFlight.share(key, () => runCompiled(compiled, run))
    if (inFlight.shared > sharedBefore) observer?.ran('shared')
    return outcome
  }

  function told({ text, errors }: Outcome, caller: Caller): string {
    if (errors === undefined) return `{"data":${text}}`
    const reported = JSON.stringify(errors.map(policy.formatErrors(caller.requestId, logger)))
    const isMalformed = errors[0] instanceof MalformedData
    return isMalformed ? `{"errors":${reported}}` : `{"errors":${reported},"data":${text}}`
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
  ): Promise<Outcome> {
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
    try {
      const text = compiled.serialize(data, variables)
      if (errors.length > 0) {
        return { text, errors: errors.map((error) => asGraphQLError(error, ownKeys)) }
      }
      return { text, errors: text === null ? missingValues(compiled, data, given) : undefined }
    } catch (error) {
      if (!(error instanceof MalformedData)) throw error
      return { text: null, errors: [error] }
    }
  }

  /** Says which values are missing when, for lack of them, nothing at all is left. */
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

/** A new supergraph is not kept waiting for longer by what is only faster for it. */
const maxWarmMs = 1_000
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
