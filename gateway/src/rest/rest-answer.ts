import { AppError, isErrorCode } from '@heirloom/errors'
import { isObject, type JsonObject } from '../federation/json.js'
import type { OperationResult } from '../federation/operations.js'
import type { Endpoint } from './endpoints.js'
import { contentOf, nodeTypeOf, outcomesOf, payloadOf } from './names.js'

export interface RestAnswer {
  readonly status: number
  /** Undefined where there is nothing to say. */
  readonly body: unknown
  /** Where the next page begins. */
  readonly next?: string
  /** The id of what was made. */
  readonly created?: string
}

/**
 * What a field resolved to, as HTTP says it. One failed part fails the whole: who reads by REST
 * does not look for errors beside the data.
 * @throws AppError with the code that the field gave, or NOT_FOUND where there is nothing
 */
export function answerOf(endpoint: Endpoint, { result }: OperationResult): RestAnswer {
  const [error] = result.errors ?? []
  if (error !== undefined) throw errorOf(error.message, error.extensions)
  const value: unknown = result.data?.[endpoint.field.name]
  if (value === undefined || value === null)
    throw new AppError('NOT_FOUND', 'there is no such thing')
  if (endpoint.kind === 'mutation') return changed(endpoint, value)
  if (nodeTypeOf(endpoint.field.type) === undefined || !isObject(value)) {
    return { status: 200, body: isObject(value) || Array.isArray(value) ? value : { value } }
  }
  const { nodes, pageInfo, ...counts } = value
  const { endCursor, hasNextPage } = isObject(pageInfo) ? pageInfo : {}
  const body = { items: nodes, pageInfo: { endCursor, hasNextPage }, ...counts }
  const hasNext = hasNextPage === true && typeof endCursor === 'string'
  return { status: 200, body, ...(hasNext ? { next: endCursor } : {}) }
}

function changed({ method, field, creates }: Endpoint, value: unknown): RestAnswer {
  if (!isObject(value)) return { status: 200, body: { value } }
  const { __typename: name, ...fields } = value
  if (outcomesOf(field.type).some((member) => member.name === name)) throw refusalOf(fields)
  if (method === 'DELETE') return { status: 204, body: undefined }
  const payload = payloadOf(field.type)
  const content = payload === undefined ? undefined : contentOf(payload)
  const body = content === undefined ? fields : fields[content.name]
  if (!creates) return { status: 200, body }
  const [made] = Object.values(fields).filter(isObject)
  const id = isObject(made) ? made['id'] : undefined
  return { status: 201, body, ...(typeof id === 'string' ? { created: id } : {}) }
}

/** An outcome that GraphQL has a type for, such as a stale revision. */
function refusalOf({ code, message, ...details }: JsonObject): AppError {
  const known = isErrorCode(code) ? code : 'CONFLICT'
  return new AppError(known, typeof message === 'string' ? message : 'nothing was done', {
    details,
  })
}

function errorOf(message: string, extensions: Readonly<Record<string, unknown>> = {}): AppError {
  const { code, details } = extensions
  const known = isErrorCode(code) ? code : 'INTERNAL'
  return new AppError(known, message, isObject(details) ? { details } : {})
}
