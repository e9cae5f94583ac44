import type { JsonObject } from '../json.js'
import type { SubgraphAnswer, SubgraphError } from '../subgraph-request.js'

/** One request on its way through a plan. */
export interface Run {
  readonly data: JsonObject
  /** As the client sent them: subgraphs coerce, and fill in defaults, themselves. */
  readonly given: Readonly<Record<string, unknown>>
  /** Coerced, with defaults. */
  readonly variables: Readonly<Record<string, unknown>>
  readonly errors: SubgraphError[]
  /** `body` is the whole request as JSON. */
  send(fetch: FetchTarget, body: string): Promise<SubgraphAnswer>
}

export interface FetchTarget {
  readonly subgraph: string
  readonly operation: string
  readonly isQuery: boolean
}

export type Step = (run: Run) => Promise<void>
