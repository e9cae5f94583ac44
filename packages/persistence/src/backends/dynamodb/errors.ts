import { TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import { AppError } from '@heirloom/errors'
import { asAway } from '../away.js'

export interface Where {
  readonly table: string
  readonly region: string
}

/** When a caller may try again after we have given up. */
const retryAfterMs = 1_000

const throttled: readonly string[] = [
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
  'ThrottlingError',
  'ProvisionedThroughputExceeded',
  'TooManyRequestsException',
]
const contended: readonly string[] = [
  'ReplicatedWriteConflictException',
  'TransactionConflict',
  'TransactionConflictException',
]
// The connection was never made.
const unconnected: readonly string[] = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH']
const disconnected: readonly string[] = ['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ERR_SSL_BAD_RECORD']
const timedOut: readonly string[] = ['TimeoutError', 'AbortError', 'RequestTimeout']
const unauthenticated: readonly string[] = [
  'CredentialsProviderError',
  'ExpiredTokenException',
  'IncompleteSignatureException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'MissingAuthenticationTokenException',
  'TokenProviderError',
  'UnrecognizedClientException',
]

/** Nothing was written, and the same request may succeed later. */
export function isRejected(error: unknown): boolean {
  if (error instanceof TransactionCanceledException) {
    const codes = (error.CancellationReasons ?? []).flatMap(({ Code }) =>
      Code === undefined || Code === 'None' ? [] : [Code],
    )
    return codes.length > 0 && codes.every((code) => isThrottle(code) || contended.includes(code))
  }
  return names(error).some(
    (name) => isThrottle(name) || contended.includes(name) || unconnected.includes(name),
  )
}

/** It may have been written. A clock that the SDK has just set right was no fault of the request. */
export function isUncertain(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false
  if ('$metadata' in error && isObject(error.$metadata)) {
    if (error.$metadata['clockSkewCorrected'] === true) return true
    if (!isRejected(error) && Number(error.$metadata['httpStatusCode'] ?? 0) >= 500) return true
  }
  return names(error).some(
    (name) =>
      disconnected.includes(name) ||
      timedOut.includes(name) ||
      name === 'TransactionInProgressException',
  )
}

/** What is still in the way after the last attempt. */
export function exhausted(cause: unknown): AppError {
  const options = { cause, details: { retry_after_ms: retryAfterMs } }
  if (names(cause).some((name) => timedOut.includes(name))) {
    return asAway(new AppError('TIMEOUT', 'DynamoDB did not answer in time', options))
  }
  if (names(cause).some(isThrottle)) {
    return new AppError('BACKEND_UNAVAILABLE', 'DynamoDB throttles this table', options)
  }
  if (names(cause).some((name) => contended.includes(name))) {
    return new AppError(
      'BACKEND_UNAVAILABLE',
      'too many transactions write the same records at once',
      options,
    )
  }
  return asAway(new AppError('BACKEND_UNAVAILABLE', 'DynamoDB cannot be reached', options))
}

/** What repeating does not help against; the message names what does. */
export function translate(cause: unknown, { table, region }: Where): AppError {
  if (cause instanceof AppError) return cause
  const unavailable = (message: string): AppError =>
    new AppError('BACKEND_UNAVAILABLE', message, { cause })
  const all = names(cause)
  const message = cause instanceof Error ? cause.message : ''
  if (all.includes('ResourceNotFoundException')) {
    return unavailable(
      `the DynamoDB table "${table}" is not in ${region}: create it by \`heirloom routes provision\``,
    )
  }
  if (all.some((name) => unauthenticated.includes(name))) {
    return unavailable(
      'AWS refuses the credentials: check access_key_id and secret_access_key of the route, or, ' +
        'where it has none, those that the process was given',
    )
  }
  if (all.includes('AccessDeniedException')) {
    return unavailable(
      `the credentials may not use the DynamoDB table "${table}": allow dynamodb:GetItem, ` +
        'BatchGetItem, Query, PutItem and DeleteItem on it',
    )
  }
  if (
    all.includes('ValidationException') &&
    /\bkey\b.*\b(schema|match)|missing the key/i.test(message)
  ) {
    return unavailable(`the DynamoDB table "${table}" must have the string keys PK and SK`)
  }
  if (/size (limit )?(has )?exceeded|exceeded the maximum allowed size/i.test(message)) {
    return new AppError('PAYLOAD_TOO_LARGE', 'DynamoDB finds this too large', { cause })
  }
  if (all.includes('UnknownOperationException')) {
    return unavailable('this server does not know the operation')
  }
  return new AppError('INTERNAL', 'DynamoDB refused a request', { cause })
}

function isThrottle(name: string): boolean {
  return throttled.includes(name)
}

/** Name and code of an error and of what lies beneath it. */
function names(error: unknown, depth = 0): readonly string[] {
  if (!isObject(error) || depth > 3) return []
  const own = [error['name'], error['code'], error['Code']].filter(
    (name) => typeof name === 'string',
  )
  const inner = Array.isArray(error['errors']) ? error['errors'] : []
  return [
    ...own,
    ...names(error['cause'], depth + 1),
    ...inner.flatMap((one: unknown) => names(one, depth + 1)),
  ]
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
