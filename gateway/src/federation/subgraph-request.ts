import type { JsonObject } from './json.js'

/** The ids that tie traces and logs of one request, or one subscription, together. */
export interface RequestIds {
  readonly requestId: string
  /** https://www.w3.org/TR/trace-context/, section 3.2. */
  readonly traceparent: string
}

/** Somebody who may ask, within one request or one subscription. */
export interface Asker extends RequestIds {
  /** Equal for those who may be handed the same copy of what was read. */
  readonly rights: string
  /** Whom to count what is open for; undefined where nobody knows who it is. */
  readonly who?: { readonly tenant: string; readonly user: string } | undefined
  /** What says so to subgraphs may live for a minute only: one per request, or per event. */
  readonly createCaller: () => Caller
}

/** Who asks, and the headers that say so to each subgraph. Made once per request or event. */
export interface Caller extends RequestIds {
  readonly rights: string
  /**
   * Equal only for one and the same caller, to whom subgraphs answer the same; undefined where
   * that is not known, and nothing may be shared.
   */
  readonly identity?: string | undefined
  /** By their names in lower case; made once for each subgraph, then remembered. */
  headersFor(subgraph: string): Promise<Readonly<Record<string, string>>>
}

export interface SubgraphRequest {
  readonly subgraph: string
  readonly query: string
  readonly operationName?: string | undefined
  readonly variables: Readonly<Record<string, unknown>>
  /** The whole request as JSON, where it is there already: sent in place of the other three. */
  readonly body?: string | undefined
  readonly caller: Caller
  readonly signal?: AbortSignal | undefined
}

/** An error as a subgraph reported it, or as it is reported about a subgraph. */
export interface SubgraphError {
  readonly message: string
  readonly path?: readonly (string | number)[] | undefined
  readonly extensions?: Readonly<Record<string, unknown>> | undefined
}

export interface SubgraphAnswer {
  readonly data?: JsonObject | null | undefined
  readonly errors?: readonly SubgraphError[] | undefined
}

/**
 * Sends one operation to one subgraph. Never throws for what a subgraph does: a subgraph that is
 * away, too slow or talks nonsense is an answer with the error SUBGRAPH_UNAVAILABLE or TIMEOUT.
 */
export type FetchSubgraph = (request: SubgraphRequest) => Promise<SubgraphAnswer>
