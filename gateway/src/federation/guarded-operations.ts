import type { GraphQLError, GraphQLSchema } from 'graphql'
import type { Logger } from '@heirloom/telemetry'
import { chargeOperation } from '../guard/charge-operation.js'
import type { Documents, ReadOperation } from '../guard/documents.js'
import type { CreateErrorFormatter } from './format-error.js'
import type { OperationRequest, OperationResult, Operations } from './operations.js'
import type { Caller } from './subgraph-request.js'

export type Refuse = (errors: readonly GraphQLError[], caller: Caller) => OperationResult

/** What is answered to an operation that was refused before it ran. */
export function createRefuse(formatErrors: CreateErrorFormatter, logger: Logger): Refuse {
  return (errors, { requestId }) => ({
    status: 400,
    result: { errors: errors.map(formatErrors(requestId, logger)) },
  })
}

/** What only names a persisted text gets it. */
export function withText(operation: OperationRequest, { text }: ReadOperation): OperationRequest {
  return operation.query ? operation : { ...operation, query: text }
}

/** Reads, prices and charges operations before an executor that knows nothing of that gets them. */
export function guardOperations(
  inner: Operations,
  schema: GraphQLSchema,
  documents: Documents,
  refuse: Refuse,
): Operations {
  const run: Operations['run'] = async (operation, caller) => {
    const read = documents.read(operation)
    if (!('id' in read)) return refuse(read, caller)
    const { refusal, taken } = chargeOperation(schema, read, operation)
    if (refusal !== undefined) return refuse([refusal], caller)
    await taken
    return inner.run(withText(operation, read), caller)
  }
  return {
    ...inner,
    run,
    respond: async (operation, caller) => {
      const { status, result } = await run(operation, caller)
      return { status, body: JSON.stringify(result) }
    },
  }
}
