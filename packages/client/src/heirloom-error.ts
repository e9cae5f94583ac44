/** An error of one GraphQL answer, as it came over the wire. */
export interface GraphQLAnswerError {
  readonly message: string
  readonly path?: readonly (string | number)[]
  readonly extensions?: Readonly<Record<string, unknown>>
}

/**
 * Codes of this package beside those of the API: CONNECTION_LOST (no answer, or the socket was
 * cut), BAD_ANSWER (something answered that is not the API), MISUSE (the call itself is wrong),
 * CONSUMER_FAILED (`onEvent` threw).
 */
export type ClientErrorCode = 'CONNECTION_LOST' | 'BAD_ANSWER' | 'MISUSE' | 'CONSUMER_FAILED'

export interface HeirloomErrorOptions {
  readonly retryable?: boolean
  readonly retryAfterMs?: number | null
  readonly details?: Readonly<Record<string, unknown>>
  readonly errors?: readonly GraphQLAnswerError[]
  readonly data?: unknown
  readonly cause?: unknown
}

/** Whatever went wrong, with the API's stable code. */
export class HeirloomError extends Error {
  override readonly name = 'HeirloomError'
  readonly code: string
  /** Whether the same request may succeed later without being changed. */
  readonly retryable: boolean
  /** How long the API asked to wait, if it did. */
  readonly retryAfterMs: number | null
  /** What the API says beside the code, for example `startsAt` with CURSOR_EXPIRED. */
  readonly details: Readonly<Record<string, unknown>>
  /** Every error of the answer. */
  readonly errors: readonly GraphQLAnswerError[]
  /** The part of the data that was answered in spite of the errors. */
  readonly data: unknown

  constructor(code: string, message: string, options: HeirloomErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retryable = options.retryable ?? false
    this.details = options.details ?? {}
    this.retryAfterMs = options.retryAfterMs ?? hintOf(this.details)
    this.errors = options.errors ?? []
    this.data = options.data ?? null
  }
}

export function misuse(message: string): HeirloomError {
  return new HeirloomError('MISUSE', message)
}

export function connectionLost(message: string, cause?: unknown): HeirloomError {
  return new HeirloomError('CONNECTION_LOST', message, { retryable: true, cause })
}

/** The first error speaks for all, unless another one says that waiting will not help. */
export function answerError(errors: readonly GraphQLAnswerError[], data?: unknown): HeirloomError {
  const speaking = errors.find((error) => error.extensions?.['retryable'] !== true) ?? errors[0]
  const { code, retryable, details } = speaking?.extensions ?? {}
  return new HeirloomError(
    typeof code === 'string' ? code : 'INVALID_INPUT',
    speaking?.message ?? 'the answer has neither data nor errors',
    { retryable: retryable === true, details: recordOf(details), errors, data },
  )
}

export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function hintOf(details: Readonly<Record<string, unknown>>): number | null {
  const hint = details['retry_after_ms']
  return typeof hint === 'number' && hint >= 0 ? hint : null
}

const authenticationCodes = new Set(['UNAUTHENTICATED', 'TOKEN_EXPIRED', 'TOKEN_INVALID'])

/**
 * True for an error that a fresh token may cure. FORBIDDEN without an answer's errors is a socket
 * that was refused as a whole (4403), which is how graphql-ws servers say no to its token.
 */
export function asksForToken(error: HeirloomError): boolean {
  return (
    authenticationCodes.has(error.code) || (error.code === 'FORBIDDEN' && error.errors.length === 0)
  )
}
