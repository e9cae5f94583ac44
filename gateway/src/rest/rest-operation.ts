import { isRequiredArgument, type GraphQLArgument } from 'graphql'
import { AppError } from '@heirloom/errors'
import { isObject } from '../federation/json.js'
import type { OperationRequest } from '../federation/operations.js'
import { argumentsOf, type Endpoint } from './endpoints.js'
import { inputOf } from './names.js'
import { selectionOf } from './selection.js'
import { variablesOf, type Parameters, type Types } from './variables.js'

/** A request to an endpoint, taken apart. */
export interface RestCall {
  readonly endpoint: Endpoint
  /** The {id} of its path. */
  readonly id: string | undefined
  readonly parameters: Parameters
  readonly body: unknown
  /** RFC draft: https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/ */
  readonly idempotencyKey: string | undefined
}

const keyField = 'idempotencyKey'

/**
 * The one GraphQL operation that answers the call. What is let through is decided when it runs.
 * @throws AppError INVALID_INPUT
 */
export function operationFor(call: RestCall): OperationRequest {
  const { kind, field } = call.endpoint
  const { fields, ...parameters } = call.parameters
  const variables =
    kind === 'query' ? queryVariables(call, parameters) : mutationVariables(call, parameters)
  const missing = field.args.find((one) => isRequiredArgument(one) && !(one.name in variables))
  if (missing !== undefined) throw new AppError('INVALID_INPUT', `"${missing.name}" is needed`)
  const given = field.args.filter(({ name }) => name in variables)
  const declared = given.map(({ name, type }) => `$${name}: ${String(type)}`).join(', ')
  const passed = given.map(({ name }) => `${name}: $${name}`).join(', ')
  const head = declared === '' ? kind : `${kind} (${declared})`
  const asked = passed === '' ? field.name : `${field.name}(${passed})`
  const selection = selectionOf(field, [fields].flat().filter(Boolean).join(',') || undefined)
  return { query: `${head} { ${asked} ${selection} }`, variables }
}

function queryVariables(
  { endpoint, id, idempotencyKey }: RestCall,
  parameters: Parameters,
): Record<string, unknown> {
  if (idempotencyKey !== undefined) throw noKey()
  const types = byName(argumentsOf(endpoint))
  return withId(variablesOf(parameters, types), types, id)
}

/** The fields of `input`: from the body, or from the address where a request has none. */
function mutationVariables(call: RestCall, parameters: Parameters): Record<string, unknown> {
  const { endpoint, id, body, idempotencyKey } = call
  const input = inputOf(endpoint.field)
  const types = input?.getFields() ?? byName(argumentsOf(endpoint))
  const byAddress = endpoint.method === 'DELETE'
  const [stray] = byAddress ? [] : Object.keys(parameters)
  if (stray !== undefined) throw new AppError('INVALID_INPUT', `"${stray}" belongs into the body`)
  const given = byAddress ? variablesOf(parameters, types) : objectIn(body)
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(types, name))
  if (unknown !== undefined) throw new AppError('INVALID_INPUT', `there is no field "${unknown}"`)
  const fields = withKey(withId(given, types, id), types, idempotencyKey)
  return input === undefined ? fields : { input: fields }
}

function byName(all: readonly GraphQLArgument[]): Types {
  return Object.fromEntries(all.map((one) => [one.name, one]))
}

function withKey(
  given: Record<string, unknown>,
  types: Types,
  key: string | undefined,
): Record<string, unknown> {
  if (key === undefined) return given
  if (!(keyField in types)) throw noKey()
  if (keyField in given && given[keyField] !== key) {
    throw new AppError('INVALID_INPUT', 'body and header name different idempotency keys')
  }
  return { ...given, [keyField]: key }
}

/** @throws AppError INVALID_INPUT when address and body name different things */
function withId(
  given: Record<string, unknown>,
  types: Types,
  id: string | undefined,
): Record<string, unknown> {
  if (id === undefined || !('id' in types)) return given
  if ('id' in given && given['id'] !== id) {
    throw new AppError('INVALID_INPUT', 'the address names another id than the request')
  }
  return { ...given, id }
}

function objectIn(body: unknown): Record<string, unknown> {
  if (body === undefined || body === null) return {}
  if (isObject(body)) return { ...body }
  throw new AppError('INVALID_INPUT', 'the request body must be one JSON object')
}

function noKey(): AppError {
  return new AppError('INVALID_INPUT', 'this address takes no idempotency key')
}
