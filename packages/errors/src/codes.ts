/**
 * The closed union of error codes, and the one table that says what each means on the wire.
 * `status` is the HTTP status (RFC 9110); `retryable` tells a client whether the same request
 * may succeed later without being changed.
 */
export const errorCodes = {
  INVALID_INPUT: { status: 400, retryable: false },
  CURSOR_INVALID: { status: 400, retryable: false },
  CURSOR_EXPIRED: { status: 410, retryable: false },
  CURSOR_AHEAD: { status: 400, retryable: false },
  GEDCOM_INVALID: { status: 400, retryable: false },
  IDEMPOTENCY_KEY_REUSED: { status: 409, retryable: false },
  UNAUTHENTICATED: { status: 401, retryable: false },
  TOKEN_EXPIRED: { status: 401, retryable: false },
  TOKEN_INVALID: { status: 401, retryable: false },
  FORBIDDEN: { status: 403, retryable: false },
  CSRF_REJECTED: { status: 403, retryable: false },
  NOT_FOUND: { status: 404, retryable: false },
  DATABASE_UNKNOWN: { status: 404, retryable: false },
  METHOD_NOT_ALLOWED: { status: 405, retryable: false },
  CONFLICT: { status: 409, retryable: false },
  STALE_REVISION: { status: 409, retryable: false },
  LAST_OWNER: { status: 409, retryable: false },
  INVITATION_USED: { status: 409, retryable: false },
  INVITATION_REVOKED: { status: 410, retryable: false },
  INVITATION_EXPIRED: { status: 410, retryable: false },
  CHECKSUM_MISMATCH: { status: 409, retryable: false },
  PRECONDITION_FAILED: { status: 412, retryable: false },
  PAYLOAD_TOO_LARGE: { status: 413, retryable: false },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, retryable: false },
  INDEX_REQUIRED: { status: 400, retryable: false },
  QUERY_TOO_COMPLEX: { status: 400, retryable: false },
  GRAPHQL_PARSE_FAILED: { status: 400, retryable: false },
  GRAPHQL_VALIDATION_FAILED: { status: 400, retryable: false },
  CONSUMER_TOO_SLOW: { status: 503, retryable: true },
  OPERATION_NOT_LISTED: { status: 400, retryable: false },
  PERSISTED_QUERY_NOT_FOUND: { status: 400, retryable: false },
  PERSISTED_QUERY_NOT_SUPPORTED: { status: 400, retryable: false },
  RATE_LIMITED: { status: 429, retryable: true },
  ROUTE_NOT_CONFIGURED: { status: 503, retryable: true },
  ROUTE_AMBIGUOUS: { status: 409, retryable: false },
  BACKEND_FORBIDDEN: { status: 403, retryable: false },
  OUTGOING_REFUSED: { status: 403, retryable: false },
  OUTGOING_FAILED: { status: 502, retryable: true },
  BACKEND_UNAVAILABLE: { status: 503, retryable: true },
  SUBGRAPH_UNAVAILABLE: { status: 503, retryable: true },
  TIMEOUT: { status: 504, retryable: true },
  INTERNAL: { status: 500, retryable: false },
} as const satisfies Record<string, { status: number; retryable: boolean }>

export type ErrorCode = keyof typeof errorCodes

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(errorCodes, value)
}
