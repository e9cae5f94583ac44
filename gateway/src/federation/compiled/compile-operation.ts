import { isPlanNode } from '@apollo/query-planner'
import {
  getOperationAST,
  GraphQLError,
  Kind,
  OperationTypeNode,
  parse,
  print,
  specifiedRules,
  validate,
  visit,
  type DocumentNode,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
} from 'graphql'
import type { Logger } from '@heirloom/telemetry'
import { maxTokens, operationLimits } from '../../guard/operation-limits.js'
import type { PlanOperation } from '../planner.js'
import type { Supergraph } from '../supergraph.js'
import { BoundedCache } from './bounded-cache.js'
import type { Fragments } from './collect-fields.js'
import { compilePlan, type Step } from './compile-plan.js'
import { compileSerializer, type Serialize } from './compile-serializer.js'
import { Unsupported, type FallbackReason } from './unsupported.js'

export interface CompiledOperation {
  readonly definition: OperationDefinitionNode
  /** The client's document with nothing in it but this operation. */
  readonly document: DocumentNode
  readonly execute: Step
  readonly serialize: Serialize
}

/** Never throws: what cannot be compiled is the reason for it. */
export type CompileOperation = (
  query: string,
  operationName: string | null | undefined,
) => CompiledOperation | FallbackReason

const maxTexts = 2_000
const maxOperations = 1_000
/** A text that is longer is compiled, but only its normal form is remembered. */
const maxTextLength = 16_384

/**
 * Compiles each operation once. Texts that differ in layout, comments or unused definitions share
 * what they are compiled to. What is invalid is not remembered, so that nonsense cannot push out
 * what is in use.
 */
export function createOperationCompiler(
  supergraph: Supergraph,
  plan: PlanOperation,
  logger: Logger,
): CompileOperation {
  const { apiSchema, schema } = supergraph
  const byText = new BoundedCache<CompiledOperation | FallbackReason>(maxTexts)
  const byOperation = new BoundedCache<CompiledOperation | FallbackReason>(maxOperations)
  const rules = [...specifiedRules, ...operationLimits]

  return (query, operationName) => {
    const name = operationName ?? ''
    const text = name === '' ? query : `${name}\n${query}`
    const known = byText.get(text)
    if (known !== undefined) return known
    const prepared = prepare(query, name)
    if (prepared === undefined) return 'invalid_request'
    const { definition, document } = prepared
    const normal = print(document)
    const compiled = byOperation.get(normal) ?? compile(definition, document)
    byOperation.set(normal, compiled)
    if (text.length <= maxTextLength) byText.set(text, compiled)
    return compiled
  }

  function prepare(query: string, name: string) {
    try {
      const document = parse(query, { maxTokens, noLocation: true })
      if (validate(apiSchema, document, rules).length > 0) return undefined
      const definition = getOperationAST(document, name === '' ? undefined : name)
      if (definition === null || definition === undefined) return undefined
      return { definition, document: onlyOperation(document, definition) }
    } catch (error) {
      if (error instanceof GraphQLError) return undefined
      throw error
    }
  }

  function compile(
    definition: OperationDefinitionNode,
    document: DocumentNode,
  ): CompiledOperation | FallbackReason {
    if (definition.operation === OperationTypeNode.SUBSCRIPTION) return 'not_a_query_or_mutation'
    try {
      const serialize = compileSerializer(apiSchema, definition, fragmentsOf(document))
      const { node } = planned(document)
      if (node !== undefined && !isPlanNode(node)) return 'not_a_query_or_mutation'
      return { definition, document, execute: compilePlan(schema, node), serialize }
    } catch (error) {
      if (error instanceof Unsupported) return error.reason
      logger.error({ err: error }, 'an operation could not be compiled')
      return 'compiler_error'
    }
  }

  function planned(document: DocumentNode): ReturnType<PlanOperation> {
    try {
      return plan(document)
    } catch (error) {
      // The reference runs into the same, and knows what to tell the client.
      throw new Unsupported('planner_error', String(error))
    }
  }
}

function fragmentsOf(document: DocumentNode): Fragments {
  return new Map(
    document.definitions.flatMap((definition) =>
      definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition]] : [],
    ),
  )
}

/** The operation and the fragments that it reaches. */
function onlyOperation(document: DocumentNode, operation: OperationDefinitionNode): DocumentNode {
  const fragments = fragmentsOf(document)
  const reached = new Set<FragmentDefinitionNode>()
  const look = (at: OperationDefinitionNode | FragmentDefinitionNode): void => {
    visit(at, {
      FragmentSpread: ({ name }) => {
        const fragment = fragments.get(name.value)
        if (fragment === undefined || reached.has(fragment)) return
        reached.add(fragment)
        look(fragment)
      },
    })
  }
  look(operation)
  return { kind: Kind.DOCUMENT, definitions: [operation, ...reached] }
}
