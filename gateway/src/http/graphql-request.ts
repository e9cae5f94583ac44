import { AppError } from '@heirloom/errors'
import { isObject } from '../federation/json.js'
import type { OperationRequest } from '../federation/operations.js'

const responseType = 'application/graphql-response+json'

/**
 * https://graphql.github.io/graphql-over-http: the parameters of a POST.
 * @throws AppError INVALID_INPUT
 */
export function operationOf(body: unknown): OperationRequest {
  if (!isObject(body)) {
    throw new AppError('INVALID_INPUT', 'the request body must be one JSON object')
  }
  const { query, operationName, variables } = body
  if (typeof query !== 'string' || query.trim() === '') {
    throw new AppError('INVALID_INPUT', '"query" must be a GraphQL document')
  }
  if (!isAbsent(operationName) && typeof operationName !== 'string') {
    throw new AppError('INVALID_INPUT', '"operationName" must be a string')
  }
  if (!isAbsent(variables) && !isObject(variables)) {
    throw new AppError('INVALID_INPUT', '"variables" must be an object')
  }
  return { query, operationName, variables }
}

/** The media type of the answer: the younger one for those who ask for it. */
export function responseTypeFor(accept: string | undefined): string {
  const type = accept?.includes(responseType) === true ? responseType : 'application/json'
  return `${type}; charset=utf-8`
}

function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null
}
