import type { SubscriptionNode } from '@apollo/query-planner'
import {
  getOperationAST,
  getVariableValues,
  GraphQLError,
  type DocumentNode,
  type ExecutionResult,
} from 'graphql'
import type { Logger } from '@heirloom/telemetry'
import type { Federation } from '../federation/federation.js'
import { getOwn, isObject } from '../federation/json.js'
import { applyRewrites } from '../federation/rewrites.js'
import type { ServedSupergraph } from '../federation/served-supergraph.js'
import { shapeResult } from '../federation/shape-result.js'
import type { Asker } from '../federation/subgraph-request.js'
import { resumableDocument, type ResumableDocument } from './resumable-document.js'
import { resumed, resumeLimits, type ResumeLimits } from './resume.js'
import {
  upstreamLimits,
  type OpenUpstream,
  type UpstreamEvent,
  type UpstreamLimits,
} from './upstream.js'

export interface SubscriptionRequest {
  /** Parsed and validated against the API schema. */
  readonly document: DocumentNode
  readonly operationName?: string | null | undefined
  readonly variables: Readonly<Record<string, unknown>>
}

/**
 * Results of a subscription, one after the other, in the order of the events. Ends when the
 * subgraph says so; throws AppError when it cannot go on. `return` ends everything at once, also
 * while a result is being waited for. Nothing is opened before the first result is asked for.
 */
export type Subscribe = (
  request: SubscriptionRequest,
  asker: Asker,
) => AsyncGenerator<ExecutionResult, void, void> | ExecutionResult

export type SubscriptionLimits = ResumeLimits & UpstreamLimits
export const subscriptionLimits: SubscriptionLimits = { ...resumeLimits, ...upstreamLimits }

export interface SubscribeDeps {
  /** A subscription holds the supergraph that it was planned for until it ends. */
  readonly hold: Federation['hold']
  readonly openUpstream: OpenUpstream
  readonly limits: SubscriptionLimits
  readonly logger: Logger
}

/**
 * The planner splits a subscription into a `primary`, which runs at the subgraph that owns the
 * root field, and a `rest`, which runs once per event and fills it from the other subgraphs.
 */
export function createSubscribe(deps: SubscribeDeps): Subscribe {
  const { logger } = deps

  return (request, asker) => {
    const { served, release } = deps.hold()
    try {
      const results = started(served, request, asker, release)
      if (!(Symbol.asyncIterator in results)) release()
      return results
    } catch (error) {
      release()
      throw error
    }
  }

  function started(
    served: ServedSupergraph,
    request: SubscriptionRequest,
    asker: Asker,
    release: () => void,
  ): ReturnType<Subscribe> {
    const { supergraph } = served
    const operation = getOperationAST(request.document, request.operationName)
    if (operation === null || operation === undefined) {
      return { errors: [new GraphQLError('the document has no such operation')] }
    }
    const { errors, coerced } = getVariableValues(
      supergraph.apiSchema,
      operation.variableDefinitions ?? [],
      request.variables,
    )
    if (errors !== undefined) return { errors }
    const resumable = resumableDocument(supergraph.apiSchema, request.document, operation, coerced)
    const { node } = served.plan(resumable?.document ?? request.document, request.operationName)
    if (node?.kind !== 'Subscription') {
      return { errors: [new GraphQLError('this subscription selects nothing to follow')] }
    }
    const controller = new AbortController()
    const results = run(node, request, {
      served,
      coerced,
      resumable,
      asker,
      signal: controller.signal,
    })
    return stoppable(results, controller, release)
  }

  async function* run(
    node: SubscriptionNode,
    request: SubscriptionRequest,
    given: Given,
  ): AsyncGenerator<ExecutionResult, void, void> {
    const { coerced, resumable, asker, signal } = given
    const events = resumed(
      {
        after: resumable?.after,
        open: (after) => open(node, { ...coerced, ...positionOf(resumable, after) }, given),
        cursorOf: (event) => cursorOf(event, resumable),
        limits: deps.limits,
        logger: logger.child({ request_id: asker.requestId }),
      },
      signal,
    )
    for await (const event of events) yield await fill(node, request, event, given)
  }

  function open(
    { primary }: SubscriptionNode,
    variables: Readonly<Record<string, unknown>>,
    { served, asker, signal }: Given,
  ): AsyncIterable<UpstreamEvent> {
    const url = served.urls.get(primary.serviceName)
    if (url === undefined) throw new Error(`no address for the subgraph ${primary.serviceName}`)
    const used = (primary.variableUsages ?? []).filter((name) => variables[name] !== undefined)
    return deps.openUpstream(
      {
        url: url.replace(/^http/, 'ws'),
        query: primary.operation,
        operationName: primary.operationName,
        variables: Object.fromEntries(used.map((name) => [name, variables[name]])),
        // A token lives for a minute: each socket gets a new one.
        authorization: () => asker.createCaller().authorizationFor(primary.serviceName),
        limits: deps.limits,
      },
      signal,
    )
  }

  async function fill(
    { primary, rest }: SubscriptionNode,
    request: SubscriptionRequest,
    event: UpstreamEvent,
    given: Given,
  ): Promise<ExecutionResult> {
    const { supergraph, executePlan } = given.served
    const data = isObject(event.data) ? event.data : {}
    applyRewrites(supergraph.schema, primary.outputRewrites, data)
    const caller = given.asker.createCaller()
    const failures = await executePlan(rest, {
      data,
      variables: given.coerced,
      caller,
      signal: given.signal,
    })
    return shapeResult({
      schema: supergraph.apiSchema,
      document: request.document,
      operationName: request.operationName,
      variables: request.variables,
      data,
      errors: [...(event.errors ?? []), ...failures],
    })
  }
}

interface Given {
  readonly served: ServedSupergraph
  readonly coerced: Readonly<Record<string, unknown>>
  readonly resumable: ResumableDocument | undefined
  readonly asker: Asker
  readonly signal: AbortSignal
}

function positionOf(
  resumable: ResumableDocument | undefined,
  after: string | undefined,
): Readonly<Record<string, unknown>> {
  return resumable === undefined ? {} : { [resumable.afterVariable]: after }
}

function cursorOf(
  event: UpstreamEvent,
  resumable: ResumableDocument | undefined,
): string | undefined {
  if (resumable === undefined || !isObject(event.data)) return undefined
  const root = getOwn(event.data, resumable.rootKey)
  const cursor = isObject(root) ? getOwn(root, resumable.cursorKey) : undefined
  return typeof cursor === 'string' ? cursor : undefined
}

/**
 * `return` of a generator waits for a pending `next`, which waits for the next event, which may
 * never come: so the wait is aborted first. `ended` is called once it is over, also when it never
 * began.
 */
function stoppable<T>(
  source: AsyncGenerator<T, void, void>,
  controller: AbortController,
  ended: () => void,
): AsyncGenerator<T, void, void> {
  async function untilEnded(
    pending: Promise<IteratorResult<T, void>>,
  ): Promise<IteratorResult<T, void>> {
    const result = await pending.catch((error: unknown) => {
      ended()
      throw error
    })
    if (result.done === true) ended()
    return result
  }
  const stopped: AsyncGenerator<T, void, void> = {
    next: () => untilEnded(source.next()),
    return: (value) => {
      controller.abort()
      return untilEnded(source.return(value))
    },
    throw: (error) => {
      controller.abort()
      return untilEnded(source.throw(error))
    },
    [Symbol.asyncIterator]: () => stopped,
  }
  return stopped
}
