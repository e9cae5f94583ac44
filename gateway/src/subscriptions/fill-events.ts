import type { FormattedExecutionResult } from 'graphql'
import type { Logger } from '@heirloom/telemetry'
import type { Caller, SubgraphError } from '../federation/subgraph-request.js'
import type { FormatError } from '../federation/format-error.js'
import { getOwn, isObject, type JsonObject } from '../federation/json.js'
import { applyRewrites } from '../federation/rewrites.js'
import { shapeResult } from '../federation/shape-result.js'
import type { PlannedSubscription } from './plan-subscription.js'
import type { UpstreamEvent } from './upstream.js'

/** One event as every subscriber with the same selection and rights receives it. */
export interface SharedResult {
  /** A GraphQL result as JSON. */
  readonly json: Buffer
  /** The position of the event; undefined for a subscription that has none. */
  readonly cursor: string | undefined
}

/**
 * Fills events from the other subgraphs, and writes each as the client asked for it, once for all
 * who share it. Several events are filled together: each entity is asked for once.
 */
export async function fillEvents(
  planned: PlannedSubscription,
  events: readonly UpstreamEvent[],
  given: { readonly caller: Caller; readonly signal: AbortSignal; readonly logger: Logger },
): Promise<readonly SharedResult[]> {
  const { node, served, variables } = planned
  const cursors = events.map((event) => cursorOf(event, planned))
  const roots = events.map(({ data }): JsonObject => (isObject(data) ? data : {}))
  for (const data of roots) {
    applyRewrites(served.supergraph.schema, node.primary.outputRewrites, data)
  }
  const failures = await served.executePlan(node.rest, {
    roots,
    variables,
    caller: given.caller,
    signal: given.signal,
  })
  const format = served.policy.formatErrors(given.caller.requestId, given.logger)
  return roots.map((data, index) => {
    const errors = [...(events[index]?.errors ?? []), ...(failures[index] ?? [])]
    const result = shape(planned, data, errors, format)
    return { json: Buffer.from(JSON.stringify(result)), cursor: cursors[index] }
  })
}

/** The position that the hidden cursor of an event tells. */
export function cursorOf(
  event: UpstreamEvent,
  { resumable }: PlannedSubscription,
): string | undefined {
  if (resumable === undefined || !isObject(event.data)) return undefined
  const root = getOwn(event.data, resumable.rootKey)
  const cursor = isObject(root) ? getOwn(root, resumable.cursorKey) : undefined
  return typeof cursor === 'string' ? cursor : undefined
}

function shape(
  { request, served }: PlannedSubscription,
  data: JsonObject,
  errors: readonly SubgraphError[],
  format: FormatError,
): FormattedExecutionResult {
  const shaped = shapeResult({
    schema: served.supergraph.apiSchema,
    document: request.document,
    operationName: request.operationName,
    variables: request.variables,
    data,
    errors,
  })
  return {
    ...(shaped.errors === undefined ? {} : { errors: shaped.errors.map(format) }),
    data: shaped.data ?? null,
  }
}
