import type { SubscriptionNode } from '@apollo/query-planner'
import {
  getOperationAST,
  getVariableValues,
  GraphQLError,
  Kind,
  print,
  visit,
  type DocumentNode,
  type GraphQLSchema,
} from 'graphql'
import type { Hold } from '../federation/federation.js'
import type { ServedSupergraph } from '../federation/served-supergraph.js'
import { resumableDocument, type ResumableDocument } from './resumable-document.js'

export interface SubscriptionRequest {
  readonly document: DocumentNode
  readonly operationName?: string | null | undefined
  readonly variables: Readonly<Record<string, unknown>>
  /** Where to start, whatever the document says; for what has no positions it means nothing. */
  readonly lastEventId?: string | undefined
  /** What the document has been validated against. */
  readonly schema: GraphQLSchema
}

/** A subscription as it runs on one supergraph, which it holds until it is released. */
export interface PlannedSubscription {
  readonly request: SubscriptionRequest
  readonly served: ServedSupergraph
  readonly node: SubscriptionNode
  /** Coerced, with defaults. */
  readonly variables: Readonly<Record<string, unknown>>
  readonly resumable: ResumableDocument | undefined
  release(): void
}

/**
 * The planner splits a subscription into a `primary`, which runs at the subgraph that owns the
 * root field, and a `rest`, which fills its events from the other subgraphs. Returns what is wrong
 * with a request that cannot run; the supergraph is then let go.
 */
export function planSubscription(
  { served, release }: Hold,
  request: SubscriptionRequest,
): PlannedSubscription | readonly GraphQLError[] {
  try {
    const planned = planOn(served, request)
    if ('node' in planned) return { ...planned, request, served, release }
    release()
    return planned
  } catch (error) {
    release()
    throw error
  }
}

function planOn(
  { supergraph, plan, documents }: ServedSupergraph,
  { document, operationName, variables, schema }: SubscriptionRequest,
): Pick<PlannedSubscription, 'node' | 'variables' | 'resumable'> | readonly GraphQLError[] {
  const { apiSchema } = supergraph
  // The supergraph may have been replaced since.
  if (schema !== apiSchema) {
    const read = documents.read({ query: print(document), operationName })
    if (!('id' in read)) return read
  }
  const operation = getOperationAST(document, operationName)
  if (operation === null || operation === undefined) {
    return [new GraphQLError('the document has no such operation')]
  }
  const definitions = operation.variableDefinitions ?? []
  const { errors, coerced } = getVariableValues(apiSchema, definitions, variables)
  if (errors !== undefined) return errors
  const resumable = resumableDocument(apiSchema, document, operation, coerced)
  const { node } = plan(resumable?.document ?? document, operationName)
  if (node?.kind !== 'Subscription') {
    return [new GraphQLError('this subscription selects nothing to follow')]
  }
  return { node, variables: coerced, resumable }
}

/**
 * Requests with the same text get the same events at the same positions, given the same rights:
 * their documents are equal but for where they start. Undefined for what has no positions.
 */
export function sharedText({
  request,
  variables,
  resumable,
}: PlannedSubscription): string | undefined {
  if (resumable === undefined) return undefined
  const { text, names } = textOf(resumable.document)
  const used = names.map((name) => [name, variables[name]])
  return JSON.stringify([text, request.operationName ?? null, used])
}

const texts = new WeakMap<DocumentNode, { text: string; names: readonly string[] }>()

function textOf(document: DocumentNode): { text: string; names: readonly string[] } {
  const known = texts.get(document)
  if (known !== undefined) return known
  const names = new Set<string>()
  visit(document, {
    // Where the client said to start is defined still, and used no more.
    [Kind.VARIABLE_DEFINITION]: () => false,
    [Kind.VARIABLE]: ({ name }) => void names.add(name.value),
  })
  const made = { text: print(document), names: [...names].toSorted() }
  texts.set(document, made)
  return made
}
