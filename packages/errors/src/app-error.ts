import { errorCodes, type ErrorCode } from './codes.js'

export type ErrorDetails = Readonly<Record<string, unknown>>

/**
 * The one error that crosses module borders. `message` is for a person and may be shown to the
 * caller; `details` are machine-readable and public too; `cause` stays in the logs.
 */
export class AppError extends Error {
  override readonly name = 'AppError'
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; details?: ErrorDetails } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.details = options.details ?? {}
  }

  get status(): number {
    return errorCodes[this.code].status
  }

  get retryable(): boolean {
    return errorCodes[this.code].retryable
  }
}

/** Unknown errors become INTERNAL with a message that reveals nothing; the cause is kept. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  return new AppError('INTERNAL', 'something went wrong on our side', { cause: error })
}

/** True for an error that names this code, whichever process threw it. */
export function hasCode(error: unknown, code: ErrorCode): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code
}
