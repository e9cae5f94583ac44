import { getVariableValues, type GraphQLError, type GraphQLSchema } from 'graphql'
import type { OperationRequest } from '../federation/operations.js'
import type { ReadOperation } from './documents.js'
import type { Taken } from './rate-limits.js'

export interface ChargedOperation {
  /** Why the operation may not run; nothing was charged then. */
  readonly refusal?: GraphQLError | undefined
  readonly taken?: Taken
}

/**
 * Prices an operation for its variables, and charges whoever asks. What is wrong with variables is
 * said by what runs the operation, which then costs nothing.
 * @throws AppError RATE_LIMITED, at once or by `taken`
 */
export function chargeOperation(
  schema: GraphQLSchema,
  { id, definition, priced }: ReadOperation,
  { variables, charge }: Pick<OperationRequest, 'variables' | 'charge'>,
): ChargedOperation {
  const { variableDefinitions = [] } = definition
  const { coerced } = getVariableValues(schema, variableDefinitions, variables ?? {})
  if (coerced === undefined) return {}
  const { cost, refusal } = priced(coerced)
  return refusal === undefined ? { taken: charge?.({ id, cost }) } : { refusal }
}
