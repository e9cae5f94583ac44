import { AppError } from '@heirloom/errors'
import { asAway } from '../away.js'

export interface Where {
  readonly account: string
  readonly database: string
}

/** When a caller may try again after we have given up, unless the service has said so. */
const retryAfterMs = 1_000

export const status = {
  badRequest: 400,
  unauthorized: 401,
  forbidden: 403,
  notFound: 404,
  timeout: 408,
  conflict: 409,
  gone: 410,
  preconditionFailed: 412,
  tooLarge: 413,
  tooManyRequests: 429,
  retryWith: 449,
  serverError: 500,
  unavailable: 503,
} as const

// The partition moved, the service throttles, or two writers met: nothing was written.
const rejected: readonly number[] = [status.gone, status.tooManyRequests, status.retryWith]
const uncertain: readonly number[] = [status.timeout, status.serverError, status.unavailable]
const refused: readonly number[] = [status.notFound, status.conflict, status.preconditionFailed]
const unconnected: readonly string[] = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH']
const disconnected: readonly string[] = [
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'REQUEST_SEND_ERROR',
  'ERR_STREAM_PREMATURE_CLOSE',
]
// What makes the SDK look for another region.
const forOtherRegions: readonly string[] = ['ENOTFOUND', 'REQUEST_SEND_ERROR']
const timedOut: readonly string[] = ['TimeoutError', 'AbortError', 'REQUEST_ABORTED_ERROR']

/** A failure whose status the SDK would not show (account.ts). */
export class HttpFailure extends Error {
  override readonly name = 'HttpFailure'
  constructor(
    readonly code: number,
    readonly retryAfterInMs: number | undefined,
    message: string,
  ) {
    super(message)
  }
}

export function statusCode(error: unknown): number | undefined {
  const code = isObject(error) ? error['code'] : undefined
  return typeof code === 'number' ? code : undefined
}

/** The expectation of a write did not hold, as far as the status tells: nothing was written. */
export function isRefusal(error: unknown): boolean {
  return refused.includes(statusCode(error) ?? 0)
}

/** Nothing was written, and the same request may succeed later. */
export function isRejected(error: unknown): boolean {
  return rejected.includes(statusCode(error) ?? 0) || names(error).some(isIn(unconnected))
}

/** It may have been written. */
export function isUncertain(error: unknown): boolean {
  if (isRejected(error)) return false
  if (uncertain.includes(statusCode(error) ?? 0)) return true
  return names(error).some((name) => disconnected.includes(name) || timedOut.includes(name))
}

/** There was no connection, or it broke. */
export function isLost(error: unknown): boolean {
  const lost = [...unconnected, ...disconnected].filter((name) => !forOtherRegions.includes(name))
  return statusCode(error) === undefined && names(error).some(isIn(lost))
}

/** How long the service asks us to wait. */
export function askedWaitMs(error: unknown): number {
  const wait = isObject(error) ? error['retryAfterInMs'] : undefined
  return typeof wait === 'number' && wait > 0 ? wait : 0
}

/** What is still in the way after the last attempt. */
export function exhausted(cause: unknown): AppError {
  const wait = Math.max(askedWaitMs(cause), retryAfterMs)
  const options = { cause, details: { retry_after_ms: wait } }
  const code = statusCode(cause)
  if (code === status.timeout || names(cause).some(isIn(timedOut))) {
    return asAway(new AppError('TIMEOUT', 'Cosmos did not answer in time', options))
  }
  if (code === status.tooManyRequests) {
    return new AppError('BACKEND_UNAVAILABLE', 'Cosmos throttles this container', options)
  }
  if (code === status.retryWith) {
    return new AppError(
      'BACKEND_UNAVAILABLE',
      'too many writers change the same records at once',
      options,
    )
  }
  return asAway(new AppError('BACKEND_UNAVAILABLE', 'Cosmos cannot be reached', options))
}

/** What repeating does not help against; the message names what does. */
export function translate(cause: unknown, { account, database }: Where): AppError {
  if (cause instanceof AppError) return cause
  const unavailable = (message: string): AppError =>
    new AppError('BACKEND_UNAVAILABLE', message, { cause })
  switch (statusCode(cause)) {
    case status.notFound:
      return unavailable(
        `the Cosmos account ${account} has no such container in the database "${database}": ` +
          'create it by `heirloom routes provision`',
      )
    case status.unauthorized:
      return unavailable('Cosmos refuses the key: check the secret that the route names')
    case status.forbidden:
      return unavailable(
        `the Cosmos account ${account} does not let this process in: check its firewall, and ` +
          'that the key is not a read-only one',
      )
    case status.tooLarge:
      return new AppError('PAYLOAD_TOO_LARGE', 'Cosmos finds this too large', { cause })
    case status.badRequest:
      if (cause instanceof Error && /partition\s?key/i.test(cause.message)) {
        return unavailable('the Cosmos container must have the partition key /pk')
      }
      break
    default:
  }
  return new AppError('INTERNAL', 'Cosmos refused a request', { cause })
}

function isIn(list: readonly string[]): (name: string) => boolean {
  return (name) => list.includes(name)
}

/** Name and code of an error and of what lies beneath it. */
function names(error: unknown, depth = 0): readonly string[] {
  if (!isObject(error) || depth > 3) return []
  const own = [error['name'], error['code']].filter((name) => typeof name === 'string')
  return [...own, ...names(error['cause'], depth + 1)]
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
