import { NoSchemaIntrospectionCustomRule, type ValidationRule } from 'graphql'
import { defaultOperationLimits, type OperationLimits } from '../guard/operation-limits.js'
import {
  createPersistedOperations,
  type PersistedOperations,
  type PersistedOptions,
} from '../guard/persisted-operations.js'
import {
  createErrorFormatter,
  withoutSuggestions,
  type CreateErrorFormatter,
} from './format-error.js'

/** What a gateway lets clients ask, and how much it tells them of errors. */
export interface OperationPolicy {
  readonly limits: OperationLimits
  readonly costs: CostLimits
  readonly persisted: PersistedOperations
  /** Beside those of GraphQL itself. */
  readonly rules: readonly ValidationRule[]
  readonly formatErrors: CreateErrorFormatter
}

/** 0 is no limit. */
export interface CostLimits {
  /** Of the estimate of one operation. */
  readonly maxCost: number
  /** What an argument such as `first` may ask for. */
  readonly maxListSize: number
  /** How long a list is taken to be of which the schema says nothing. */
  readonly defaultListSize: number
}

const automatic: PersistedOptions = { mode: 'automatic', list: new Map() }
/** A schema that says nothing of its lists has many an honest operation look dear. */
export const defaultCosts: CostLimits = { maxCost: 0, maxListSize: 0, defaultListSize: 10 }

export interface PolicyOptions {
  readonly limits?: Partial<OperationLimits> | undefined
  readonly costs?: Partial<CostLimits> | undefined
  readonly persisted?: PersistedOptions | undefined
  /** Whether clients may ask for the schema, and are told names that they may have meant. */
  readonly introspection?: boolean | undefined
  readonly formatErrors?: CreateErrorFormatter | undefined
}

export function createPolicy(options: PolicyOptions = {}): OperationPolicy {
  const { limits, costs, introspection = true, formatErrors = createErrorFormatter } = options
  const { persisted = automatic } = options
  return {
    limits: { ...defaultOperationLimits, ...limits },
    costs: { ...defaultCosts, ...costs },
    persisted: createPersistedOperations(persisted),
    rules: introspection ? [] : [NoSchemaIntrospectionCustomRule],
    formatErrors: introspection ? formatErrors : withoutSuggestions(formatErrors),
  }
}

export const defaultPolicy = createPolicy()
