import { AppError } from '@heirloom/errors'

/** Why an address is not called; in `details.reason`. */
export type RefusalReason = 'address' | 'credentials' | 'port' | 'redirects' | 'scheme' | 'url'
/** Why a call came to nothing; in `details.reason`. */
export type FailureReason = 'encoding' | 'redirect' | 'too_large' | 'unreachable'

/** The message names no resolved address: that would tell a tenant of the network we run in. */
export function refused(reason: RefusalReason, message: string): AppError {
  return new AppError('OUTGOING_REFUSED', message, { details: { reason } })
}

export function failed(reason: FailureReason, message: string, cause?: unknown): AppError {
  return new AppError('OUTGOING_FAILED', message, { details: { reason }, cause })
}
