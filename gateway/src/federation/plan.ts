import type { FetchDataRewrite, FetchNode } from '@apollo/query-planner'
import type { DocumentNode } from 'graphql'

// What a planner tells the executor to do: the plans of Apollo's planner, and what others add.

/** What a representation is made of; `alias`, or else `name`, is its key in the merged data. */
export type RequiredSelection =
  | {
      readonly kind: 'Field'
      readonly name: string
      readonly alias?: string | undefined
      /** Its key in the representation, where that is another one. */
      readonly sentAs?: string | undefined
      readonly selections?: Requires | undefined
    }
  | {
      readonly kind: 'InlineFragment'
      readonly typeCondition?: string | undefined
      readonly selections: Requires
    }

export type Requires = readonly RequiredSelection[]
export type Rewrites = readonly FetchDataRewrite[]

/** Several sets of entities asked of one subgraph in one request, each under an alias. */
export interface BatchFetchNode {
  readonly kind: 'BatchFetch'
  readonly serviceName: string
  readonly variableUsages?: readonly string[]
  readonly operation: string
  readonly operationName?: string | undefined
  readonly groups: readonly EntityGroup[]
}

export interface EntityGroup {
  /** The key of the answer that holds the entities. */
  readonly responseKey: string
  /** The variable that takes the representations. */
  readonly variable: string
  readonly paths: readonly (readonly string[])[]
  readonly requires: Requires
  readonly inputRewrites: Rewrites
  readonly outputRewrites: Rewrites
}

/**
 * A path's steps are keys of the response, `@` for every item of a list, and `... on A,B` for the
 * objects of one of these types.
 */
export type ExecutionNode =
  | FetchNode
  | BatchFetchNode
  | { readonly kind: 'Sequence' | 'Parallel'; readonly nodes: readonly ExecutionNode[] }
  | {
      readonly kind: 'Flatten'
      readonly path: readonly (string | number)[]
      readonly node: ExecutionNode
    }
  | {
      readonly kind: 'Condition'
      readonly condition: string
      readonly ifClause?: ExecutionNode | undefined
      readonly elseClause?: ExecutionNode | undefined
    }
  | { readonly kind: 'Subscription' | 'Defer' }

export interface ExecutionPlan {
  readonly node?: ExecutionNode | undefined
  /** It was made without asking for the types of objects, which its fetches may bring all the same. */
  readonly typesAreUnasked?: boolean | undefined
}

/** Plans a validated query or mutation, the only operation of its document. Throws if it cannot. */
export type PlanForExecution = (document: DocumentNode) => ExecutionPlan
