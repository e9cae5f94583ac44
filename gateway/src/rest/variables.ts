import {
  getNullableType,
  isInputObjectType,
  isListType,
  isScalarType,
  type GraphQLInputType,
} from 'graphql'
import { AppError } from '@heirloom/errors'

export type Parameters = Readonly<Record<string, string | readonly string[]>>
export type Types = Readonly<Record<string, { readonly type: GraphQLInputType }>>

/**
 * The parameters of an address as values of these types. A list is a parameter several times; a
 * field of an object is named with a dot (filter.status); lists of objects, and JSON, are JSON.
 * Whether the values are right is for the schema to say.
 * @throws AppError INVALID_INPUT for a parameter that there is not, or that cannot be read
 */
export function variablesOf(parameters: Parameters, types: Types): Record<string, unknown> {
  const variables: Record<string, unknown> = {}
  for (const [name, given] of Object.entries(parameters)) {
    const [head = '', ...rest] = name.split('.')
    const type = Object.hasOwn(types, head) ? types[head]?.type : undefined
    if (type === undefined) throw invalid(name, 'is no parameter of this address')
    if (rest.length === 0) {
      variables[head] = valueOf(name, given, type)
      continue
    }
    const object = getNullableType(type)
    if (!isInputObjectType(object)) throw invalid(name, 'is no parameter of this address')
    const inner = variablesOf({ [rest.join('.')]: given }, object.getFields())
    variables[head] = { ...(variables[head] as object | undefined), ...inner }
  }
  return variables
}

function valueOf(
  name: string,
  given: string | readonly string[],
  asked: GraphQLInputType,
): unknown {
  const type = getNullableType(asked)
  if (isListType(type)) {
    const item = getNullableType(type.ofType)
    if (isInputObjectType(item)) return json(name, single(name, given))
    return [given].flat().map((one) => valueOf(name, one, item))
  }
  const text = single(name, given)
  if (isInputObjectType(type)) return json(name, text)
  if (!isScalarType(type)) return text
  switch (type.name) {
    case 'Int':
    case 'Float':
      return number(name, text)
    case 'Boolean':
      if (text === 'true' || text === 'false') return text === 'true'
      throw invalid(name, 'must be true or false')
    case 'JSON':
      return json(name, text)
    default:
      return text
  }
}

function single(name: string, given: string | readonly string[]): string {
  if (typeof given === 'string') return given
  throw invalid(name, 'is given more than once')
}

function number(name: string, text: string): number {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text)
  throw invalid(name, 'must be a number')
}

function json(name: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw invalid(name, 'must be JSON')
  }
}

function invalid(field: string, problem: string): AppError {
  return new AppError('INVALID_INPUT', `"${field.slice(0, 100)}" ${problem}`, {
    details: { field: field.slice(0, 100) },
  })
}
