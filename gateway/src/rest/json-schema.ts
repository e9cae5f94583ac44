import {
  getNamedType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredInputField,
  isUnionType,
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLNamedType,
  type GraphQLSchema,
  type GraphQLType,
} from 'graphql'
import { isPlain } from './names.js'

export type JsonSchema = Readonly<Record<string, unknown>>

const scalars: Readonly<Record<string, JsonSchema>> = {
  ID: { type: 'string' },
  String: { type: 'string' },
  Int: { type: 'integer', format: 'int32' },
  Float: { type: 'number' },
  Boolean: { type: 'boolean' },
  DateTime: { type: 'string', format: 'date-time' },
}

/** A type of GraphQL in JSON Schema (2020-12), which OpenAPI 3.1 speaks. */
export function jsonSchema(type: GraphQLType): JsonSchema {
  if (isNonNullType(type)) return present(type.ofType)
  const schema = present(type)
  if (typeof schema['type'] === 'string') return { ...schema, type: [schema['type'], 'null'] }
  return Object.keys(schema).length === 0 ? schema : { anyOf: [schema, { type: 'null' }] }
}

function present(type: GraphQLType): JsonSchema {
  if (isNonNullType(type)) return present(type.ofType)
  if (isListType(type)) return { type: 'array', items: jsonSchema(type.ofType) }
  const named = getNamedType(type)
  if (isObjectType(named) || isInputObjectType(named) || isEnumType(named) || isUnionType(named)) {
    return { $ref: `#/components/schemas/${named.name}` }
  }
  return scalars[named.name] ?? {}
}

/** Every type of the schema that an address can take or answer. */
export function componentSchemas(schema: GraphQLSchema): Readonly<Record<string, JsonSchema>> {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]
  return Object.fromEntries(
    Object.values(schema.getTypeMap())
      .filter((type) => !type.name.startsWith('__') && !roots.some((root) => root === type))
      .flatMap((type) => {
        const made = componentOf(type)
        return made === undefined ? [] : [[type.name, { ...made, ...described(type) }] as const]
      }),
  )
}

function componentOf(type: GraphQLNamedType): JsonSchema | undefined {
  if (isEnumType(type)) return { type: 'string', enum: type.getValues().map(({ name }) => name) }
  if (isUnionType(type)) return { anyOf: type.getTypes().map(present) }
  if (isInputObjectType(type)) return inputObject(Object.values(type.getFields()))
  if (!isObjectType(type)) return undefined
  const fields = Object.values(type.getFields()).filter(isPlain)
  const properties = fields.map((one) => [one.name, { ...jsonSchema(one.type), ...described(one) }])
  // None is required: which of them are there is for "fields" to say.
  return { type: 'object', properties: Object.fromEntries(properties) }
}

export function inputObject(fields: readonly (GraphQLInputField | GraphQLArgument)[]): JsonSchema {
  const properties = fields.map((one) => [one.name, { ...jsonSchema(one.type), ...described(one) }])
  const required = fields.filter(isRequiredInputField).map(({ name }) => name)
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
  }
}

export function described({ description }: { readonly description?: string | null | undefined }) {
  return typeof description === 'string' ? { description } : {}
}
