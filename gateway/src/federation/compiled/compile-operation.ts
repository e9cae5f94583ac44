import {
  getOperationAST,
  Kind,
  OperationTypeNode,
  type DocumentNode,
  type OperationDefinitionNode,
} from 'graphql'
import type { Logger } from '@heirloom/telemetry'
import type { ReadOperation } from '../../guard/documents.js'
import type { OperationInUse } from '../operations.js'
import type { ExecutionPlan, PlanForExecution } from '../plan.js'
import type { Supergraph } from '../supergraph.js'
import { BoundedCache } from './bounded-cache.js'
import type { Fragments } from './collect-fields.js'
import { checkPlan } from './check-plan.js'
import { compilePlan } from './compile-plan.js'
import type { Step } from './run.js'
import { compileSerializer, type Serialize } from './compile-serializer.js'
import type { OwnKeys } from './own-keys.js'
import {
  selectingVariables,
  specialised,
  withTypenames,
  withoutIntrospection,
} from './specialise.js'
import { readSubgraphNeeds } from './subgraph-needs.js'
import { Unsound, Unsupported, type FallbackReason } from './unsupported.js'

/** A valid operation of a client, not compiled yet. */
export interface PreparedOperation {
  readonly definition: OperationDefinitionNode
  /** The client's document with nothing in it but this operation. */
  readonly document: DocumentNode
  /** The variables that decide what is selected. */
  readonly selecting: readonly string[]
  /** Compiled code, by the values of those. */
  readonly variants: BoundedCache<CompiledOperation | RefusedOperation | FallbackReason>
}

export interface CompiledOperation {
  /** Differs from that of every other operation of this compiler. */
  readonly id: number
  readonly document: DocumentNode
  readonly execute: Step
  readonly serialize: Serialize
}

/** An operation for which no planner has a plan that would give the right data. */
export interface RefusedOperation {
  /** Why, for a person. */
  readonly refusal: string
}

/** Never throws: what cannot be compiled is the reason for it. */
export interface OperationCompiler {
  prepare(read: ReadOperation): PreparedOperation | FallbackReason
  /** `variables` are coerced, with defaults. */
  compile(
    operation: PreparedOperation,
    variables: Readonly<Record<string, unknown>>,
  ): CompiledOperation | RefusedOperation | FallbackReason
  /** What is remembered, what was used last at the end. */
  inUse(): readonly OperationInUse[]
}

export interface CompilerOptions {
  readonly logger: Logger
  /** What the reference would run of what is left to it. */
  readonly referencePlan?: PlanForExecution | undefined
}

const maxOperations = 1_000
const maxVariants = 32

/**
 * Compiles each operation once. Texts that differ in layout, comments or unused definitions share
 * what they are compiled to.
 */
export function createOperationCompiler(
  supergraph: Supergraph,
  plans: readonly PlanForExecution[],
  ownKeys: OwnKeys,
  options: CompilerOptions,
): OperationCompiler {
  const { logger } = options
  const { apiSchema, schema } = supergraph
  const needs = readSubgraphNeeds(schema)
  let compiledCount = 0
  const byRead = new WeakMap<ReadOperation, PreparedOperation>()
  const byOperation = new BoundedCache<PreparedOperation>(maxOperations)

  return {
    prepare: (read) => {
      const known = byRead.get(read)
      if (known !== undefined) return known
      const { definition, document, text } = read
      if (definition.operation === OperationTypeNode.SUBSCRIPTION) return 'not_a_query_or_mutation'
      const operation = byOperation.get(text) ?? {
        definition,
        document,
        selecting: selectingVariables(document),
        variants: new BoundedCache(maxVariants),
      }
      byOperation.set(text, operation)
      byRead.set(read, operation)
      return operation
    },
    compile: (operation, variables) => {
      const { selecting, variants } = operation
      let key = ''
      for (const name of selecting) key += variables[name] === true ? '1' : '0'
      const known = variants.get(key)
      if (known !== undefined) return known
      const compiled = compiledFor(operation, variables)
      variants.set(key, compiled)
      return compiled
    },
    inUse: () =>
      Array.from(byOperation.entries(), ([query, { selecting, variants }]) => ({
        query,
        variants: Array.from(variants.entries(), ([key]) =>
          Object.fromEntries(selecting.map((name, index) => [name, key[index] === '1'])),
        ),
      })),
  }

  function compiledFor(
    operation: PreparedOperation,
    variables: Readonly<Record<string, unknown>>,
  ): CompiledOperation | RefusedOperation | FallbackReason {
    try {
      const document = specialised(operation.document, variables)
      const definition = getOperationAST(document)
      if (definition === null || definition === undefined) return 'compiler_error'
      const serialize = compileSerializer(apiSchema, definition, fragmentsOf(document), ownKeys)
      const toPlan = ownKeys.document(withTypenames(apiSchema, withoutIntrospection(document)))
      const execute = firstThatCompiles(toPlan)
      compiledCount += 1
      return { id: compiledCount, document, execute, serialize }
    } catch (error) {
      if (error instanceof Unsupported) return fallBackFrom(operation, variables, error)
      if (error instanceof Unsound) {
        logger.error({ err: error }, 'an operation is refused: its plan would give wrong data')
        return { refusal: error.message }
      }
      logger.error({ err: error }, 'an operation could not be compiled')
      return 'compiler_error'
    }
  }

  /** The reference checks nothing: what it would run is held against the operation here. */
  function fallBackFrom(
    operation: PreparedOperation,
    variables: Readonly<Record<string, unknown>>,
    { reason }: Unsupported,
  ): RefusedOperation | FallbackReason {
    const { referencePlan } = options
    if (referencePlan === undefined) return reason
    try {
      const document = withTypenames(
        apiSchema,
        withoutIntrospection(specialised(operation.document, variables)),
      )
      const made = planned(referencePlan, document)
      checkPlan({ api: apiSchema, supergraph: schema }, needs, document, made)
      return reason
    } catch (error) {
      if (!(error instanceof Unsound)) return reason
      logger.error({ err: error }, 'an operation is refused: its plan would give wrong data')
      return { refusal: error.message }
    }
  }

  /** What one planner refuses, or plans in a way that is not understood, the next may do. */
  function firstThatCompiles(document: DocumentNode): Step {
    if (asksNobody(document)) return compilePlan(schema, undefined)
    let reason: unknown
    for (const plan of plans) {
      try {
        const made = planned(plan, document)
        checkPlan({ api: apiSchema, supergraph: schema }, needs, document, made)
        return compilePlan(schema, made.node)
      } catch (error) {
        reason = error
      }
    }
    throw reason
  }

  function planned(plan: PlanForExecution, document: DocumentNode): ExecutionPlan {
    try {
      return plan(document)
    } catch (error) {
      // The reference runs into the same, and knows what to tell the client.
      throw new Unsupported('planner_error', String(error))
    }
  }
}

/** What the gateway answers by itself: __typename at the root, and introspection. */
function asksNobody(document: DocumentNode): boolean {
  const selections = getOperationAST(document)?.selectionSet.selections ?? []
  return selections.every(
    (selection) => selection.kind === Kind.FIELD && selection.name.value === '__typename',
  )
}

function fragmentsOf(document: DocumentNode): Fragments {
  return new Map(
    document.definitions.flatMap((definition) =>
      definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition]] : [],
    ),
  )
}
