import { GraphQLError, type GraphQLFormattedError } from 'graphql'
import {
  AppError,
  errorFields,
  isErrorCode,
  type ErrorCode,
  type ErrorDetails,
} from '@heirloom/errors'
import type { Logger } from '@heirloom/telemetry'
import { isObject } from './json.js'

export type FormatError = (error: unknown) => GraphQLFormattedError

/** A formatter for the errors of one request. */
export type CreateErrorFormatter = (requestId: string, logger: Logger) => FormatError

/** How Apollo and graphql-js name what is wrong with a request, in our codes. */
const translatedCodes: Readonly<Record<string, ErrorCode>> = {
  GRAPHQL_PARSE_FAILED: 'GRAPHQL_PARSE_FAILED',
  GRAPHQL_VALIDATION_FAILED: 'GRAPHQL_VALIDATION_FAILED',
  BAD_USER_INPUT: 'INVALID_INPUT',
  BAD_REQUEST: 'INVALID_INPUT',
  OPERATION_RESOLUTION_FAILURE: 'INVALID_INPUT',
}

const tooManyTokens = 'Document contains more that'

/**
 * Gives every GraphQL error of one request the same fields. What we know keeps its code and
 * message; everything else becomes INTERNAL, says nothing, and is logged once.
 */
export function createErrorFormatter(requestId: string, logger: Logger): FormatError {
  const format = createNamingFormatter(requestId, logger)
  return (error) => {
    const formatted = format(error)
    const { extensions } = formatted
    const { code, details } = extensions ?? {}
    // Which part of the system it was that failed is for the log.
    if (code !== 'SUBGRAPH_UNAVAILABLE' && code !== 'TIMEOUT') return formatted
    const { subgraph: _unnamed, ...others } = isObject(details) ? details : {}
    return { ...formatted, extensions: { ...extensions, details: others } }
  }
}

/** The same, with the names of subgraphs that gave no answer. */
function createNamingFormatter(requestId: string, logger: Logger): FormatError {
  return (error) => {
    const at = error instanceof GraphQLError ? error : undefined
    const known = appErrorOf(error)
    if (known.code === 'INTERNAL' && known.cause !== undefined) {
      logger.error({ err: known.cause, path: at?.path, request_id: requestId }, 'operation failed')
    }
    const formatted = at?.toJSON()
    return {
      message: known.message,
      ...(formatted?.locations === undefined ? {} : { locations: formatted.locations }),
      ...(formatted?.path === undefined ? {} : { path: formatted.path }),
      extensions: { ...errorFields(known, requestIdOf(at) ?? requestId) },
    }
  }
}

/**
 * For subgraphs that are not ours: what they say about an error reaches the client as they said it.
 * What went wrong in the gateway itself is masked all the same.
 */
export function createOpenErrorFormatter(requestId: string, logger: Logger): FormatError {
  const format = createNamingFormatter(requestId, logger)
  return (error) => {
    if (!(error instanceof GraphQLError) || !isFromSubgraph(error)) return format(error)
    const { message, path, extensions } = error.toJSON()
    const said = extensions ?? {}
    return { message, ...(path === undefined ? {} : { path }), extensions: said }
  }
}

/** graphql-js ends what is wrong with a name by the names that are like it, schema or no schema. */
export function withoutSuggestions(create: CreateErrorFormatter): CreateErrorFormatter {
  return (requestId, logger) => {
    const format = create(requestId, logger)
    return (error) => {
      const formatted = format(error)
      const { message, extensions } = formatted
      const code = extensions?.['code']
      if (code !== 'GRAPHQL_VALIDATION_FAILED' && code !== 'INVALID_INPUT') return formatted
      return { ...formatted, message: message.replace(/;? ?Did you mean .*$/s, '') }
    }
  }
}

function isFromSubgraph({ extensions, originalError }: GraphQLError): boolean {
  const { code } = extensions
  // Apollo's executor keeps what the subgraph sent, which is no Error at all.
  if (originalError instanceof Error && !(originalError instanceof GraphQLError)) return false
  return typeof code === 'string' && !Object.hasOwn(translatedCodes, code) && !isErrorCode(code)
}

function appErrorOf(error: unknown): AppError {
  if (error instanceof AppError) return error
  if (!(error instanceof GraphQLError)) return masked(error)
  const { originalError } = error
  if (originalError instanceof AppError) return originalError
  const { code } = error.extensions
  const inner = originalError instanceof GraphQLError ? originalError.extensions['code'] : undefined
  if (inner === 'QUERY_TOO_COMPLEX' || error.message.includes(tooManyTokens)) {
    return new AppError('QUERY_TOO_COMPLEX', error.message, { details: detailsOf(error) })
  }
  if (typeof code === 'string' && Object.hasOwn(translatedCodes, code)) {
    return new AppError(translatedCodes[code] ?? 'INVALID_INPUT', error.message)
  }
  // From a subgraph, or from our guard.
  if (isErrorCode(code)) return new AppError(code, error.message, { details: detailsOf(error) })
  // graphql-js' own complaint about the request: it carries no code, and no cause but its own.
  const isOwn = originalError === undefined || originalError instanceof GraphQLError
  const isRequestError = code === undefined && isOwn
  return isRequestError ? new AppError('INVALID_INPUT', error.message) : masked(error)
}

function masked(cause: unknown): AppError {
  return new AppError('INTERNAL', 'something went wrong on our side', { cause })
}

function detailsOf(error: GraphQLError): ErrorDetails {
  const { details } = error.extensions
  return typeof details === 'object' && details !== null ? { ...details } : {}
}

function requestIdOf(error: GraphQLError | undefined): string | undefined {
  const id = error?.extensions['request_id']
  return typeof id === 'string' && id !== '' ? id : undefined
}
