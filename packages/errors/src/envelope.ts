import { type AppError, type ErrorDetails, toAppError } from './app-error.js'
import type { ErrorCode } from './codes.js'

/** The fields that every failure carries, in a REST body and in GraphQL `extensions` alike. */
export interface ErrorFields {
  readonly code: ErrorCode
  readonly http_status: number
  readonly retryable: boolean
  readonly request_id: string
  readonly details: ErrorDetails
}

/** The body of every non-GraphQL failure. */
export interface ErrorEnvelope {
  readonly error: ErrorFields & { readonly message: string }
}

export function errorFields(error: AppError, requestId: string): ErrorFields {
  return {
    code: error.code,
    http_status: error.status,
    retryable: error.retryable,
    request_id: requestId,
    details: error.details,
  }
}

export function errorEnvelope(error: unknown, requestId: string): ErrorEnvelope {
  const known = toAppError(error)
  return { error: { message: known.message, ...errorFields(known, requestId) } }
}
