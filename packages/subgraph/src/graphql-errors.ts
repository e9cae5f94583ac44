import { GraphQLError } from 'graphql'
import { AppError, errorFields, isErrorCode, toAppError, type ErrorCode } from '@heirloom/errors'
import type { Logger } from '@heirloom/telemetry'

/**
 * What a client is told of an error, in GraphQL's form. An AppError keeps its message and fields;
 * a GraphQL error of the caller's own making (syntax, validation, coercion) keeps its message;
 * anything else is masked. What is our fault is logged, once, under the id that the client gets.
 */
export function publicError(error: unknown, requestId: string, logger: Logger): GraphQLError {
  const at = error instanceof GraphQLError ? error : undefined
  const cause = at === undefined ? error : causeOf(at)
  const known =
    cause === undefined && at !== undefined
      ? new AppError(codeOf(at), at.message)
      : toAppError(cause)
  report(known, at, requestId, logger)
  return new GraphQLError(known.message, {
    ...(at?.nodes === undefined ? {} : { nodes: at.nodes }),
    ...(at?.source === undefined ? {} : { source: at.source }),
    ...(at?.positions === undefined ? {} : { positions: at.positions }),
    ...(at?.path === undefined ? {} : { path: at.path }),
    originalError: known,
    extensions: { ...errorFields(known, requestId) },
  })
}

/** graphql-js wraps what it rejects itself (a bad variable, for one) in errors of its own kind. */
function causeOf(error: GraphQLError): Error | undefined {
  const { originalError } = error
  return originalError instanceof GraphQLError ? causeOf(originalError) : originalError
}

function codeOf(error: GraphQLError): ErrorCode {
  if (isErrorCode(error.extensions['code'])) return error.extensions['code']
  return error.message.startsWith('Syntax Error') ? 'GRAPHQL_PARSE_FAILED' : 'INVALID_INPUT'
}

const firstServerStatus = 500

function report(
  known: AppError,
  at: GraphQLError | undefined,
  requestId: string,
  logger: Logger,
): void {
  if (known.status < firstServerStatus) return
  const level = known.code === 'INTERNAL' ? 'error' : 'warn'
  const err: unknown = known.cause ?? known
  logger[level]({ err, code: known.code, path: at?.path, request_id: requestId }, 'field failed')
}
