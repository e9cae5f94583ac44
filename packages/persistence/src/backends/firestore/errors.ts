import { AppError } from '@heirloom/errors'
import { asAway } from '../away.js'

export interface Where {
  readonly project: string
  readonly database: string
}

/** google.rpc.Code, as far as it matters here. */
export const statusOf = {
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const

/** When a caller may try again after we have given up. */
const retryAfterMs = 1_000

const repeatable: readonly (number | undefined)[] = [
  statusOf.deadlineExceeded,
  statusOf.resourceExhausted,
  statusOf.aborted,
  statusOf.internal,
  statusOf.unavailable,
]
// Nothing was written: another writer was there first, or Firestore had no room.
const rejected: readonly (number | undefined)[] = [statusOf.resourceExhausted, statusOf.aborted]
// "Retry only after the state has been fixed": another writer changed a document first.
const refusals: readonly (number | undefined)[] = [
  statusOf.notFound,
  statusOf.alreadyExists,
  statusOf.failedPrecondition,
]

export function statusCode(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'number' ? error.code : undefined
}

/** The same request may succeed later. */
export function isRepeatable(error: unknown): boolean {
  return repeatable.includes(statusCode(error))
}

/** It may succeed later, and it may have been written. */
export function isUncertain(error: unknown): boolean {
  return isRepeatable(error) && !rejected.includes(statusCode(error))
}

/** A commit whose precondition failed, as far as the code tells: nothing was written. */
export function isRefusal(error: unknown): boolean {
  return refusals.includes(statusCode(error))
}

/** The credentials, or what stands in their place, did not work; a new client may do better. */
export function isAboutCredentials(error: unknown): boolean {
  const code = statusCode(error)
  return code === undefined || code === statusOf.unauthenticated
}

/** What is still in the way after the last attempt. */
export function exhausted(cause: unknown): AppError {
  const options = { cause, details: { retry_after_ms: retryAfterMs } }
  switch (statusCode(cause)) {
    case statusOf.deadlineExceeded:
      return asAway(new AppError('TIMEOUT', 'Firestore did not answer in time', options))
    case statusOf.resourceExhausted:
      return new AppError('BACKEND_UNAVAILABLE', 'Firestore throttles this database', options)
    case statusOf.aborted:
      return new AppError(
        'BACKEND_UNAVAILABLE',
        'too many writers contend for the same documents at once',
        options,
      )
    default:
      return asAway(new AppError('BACKEND_UNAVAILABLE', 'Firestore cannot be reached', options))
  }
}

/** What repeating does not help against; the message names what does. */
export function translate(cause: unknown, { project, database }: Where): AppError {
  if (cause instanceof AppError) return cause
  const unavailable = (message: string): AppError =>
    new AppError('BACKEND_UNAVAILABLE', message, { cause })
  const message = cause instanceof Error ? cause.message : ''
  switch (statusCode(cause)) {
    case statusOf.notFound:
      return unavailable(
        `the project "${project}" has no Firestore database "${database}": create it in Native mode`,
      )
    case statusOf.failedPrecondition:
      return unavailable(`the Firestore database "${database}" does not take this: ${message}`)
    case statusOf.permissionDenied:
      return unavailable(
        `the credentials may not use Firestore in the project "${project}": give them ` +
          'roles/datastore.user, and enable firestore.googleapis.com',
      )
    case statusOf.unauthenticated:
    case undefined:
      return unavailable(
        'Google refuses the credentials: check the secret that the route names, or, where it ' +
          'names none, those that the process was given',
      )
    case statusOf.invalidArgument:
      if (/exceeds the maximum|too (?:big|large)|larger than/i.test(message)) {
        return new AppError('PAYLOAD_TOO_LARGE', 'Firestore finds this too large', { cause })
      }
      break
    default:
  }
  const code = statusCode(cause) ?? 'none'
  return new AppError('INTERNAL', `Firestore refused a request (gRPC status ${code})`, { cause })
}
