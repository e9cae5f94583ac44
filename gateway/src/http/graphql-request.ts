import { AppError } from '@heirloom/errors'
import { isObject } from '../federation/json.js'
import type { OperationRequest } from '../federation/operations.js'
import { persistedQueryIn } from '../guard/persisted-operations.js'

const responseType = 'application/graphql-response+json'

/**
 * https://graphql.github.io/graphql-over-http: the parameters of a POST.
 * @throws AppError INVALID_INPUT
 */
export function operationOf(body: unknown): OperationRequest {
  if (Array.isArray(body)) {
    throw new AppError('INVALID_INPUT', 'send one operation in each request, not a list of them')
  }
  if (!isObject(body)) {
    throw new AppError('INVALID_INPUT', 'the request body must be one JSON object')
  }
  const { query, operationName, variables, extensions } = body
  const isNamed = isAbsent(query) && persistedQueryIn(extensions) !== undefined
  if (!isNamed && (typeof query !== 'string' || query.trim() === '')) {
    throw new AppError('INVALID_INPUT', '"query" must be a GraphQL document')
  }
  if (!isAbsent(operationName) && typeof operationName !== 'string') {
    throw new AppError('INVALID_INPUT', '"operationName" must be a string')
  }
  if (!isAbsent(variables) && !isObject(variables)) {
    throw new AppError('INVALID_INPUT', '"variables" must be an object')
  }
  if (!isAbsent(extensions) && !isObject(extensions)) {
    throw new AppError('INVALID_INPUT', '"extensions" must be an object')
  }
  return { query: query as string | undefined, operationName, variables, extensions }
}

/** The media type of the answer: the younger one for those who ask for it. */
export function responseTypeFor(accept: string | undefined): string {
  const type = accept?.includes(responseType) === true ? responseType : 'application/json'
  return `${type}; charset=utf-8`
}

/**
 * Who takes the older type is told 200 whenever the request could be read: to them another status
 * may come from whatever stands in between (GraphQL over HTTP, section 6.4.1).
 * @param status what the younger type says
 */
export function statusFor(status: number, accept: string | undefined): number {
  return accept?.includes(responseType) === true ? status : 200
}

function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null
}
