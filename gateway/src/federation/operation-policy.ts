import type { ValidationRule } from 'graphql'
import { operationLimits } from '../guard/operation-limits.js'
import { createErrorFormatter, type CreateErrorFormatter } from './format-error.js'

/** What a gateway lets clients ask, and how much it tells them of errors. */
export interface OperationPolicy {
  /** Beside those of GraphQL itself. */
  readonly rules: readonly ValidationRule[]
  readonly formatErrors: CreateErrorFormatter
}

export const defaultPolicy: OperationPolicy = {
  rules: operationLimits,
  formatErrors: createErrorFormatter,
}
