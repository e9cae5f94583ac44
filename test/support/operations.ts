import {
  getNamedType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
} from 'graphql'

/** One call of one root field, with everything that it can be asked for. */
export interface Operation {
  readonly kind: 'query' | 'mutation' | 'subscription'
  readonly field: string
  readonly document: string
  readonly variables: Record<string, unknown>
}

/** What to put where an argument or input field asks for an id, a cursor or a slug. */
export type ValueOf = (path: readonly string[], typeName: string) => unknown

const maxDepth = 4
/** Left out, because they narrow what is found, and need what nobody has declared. */
const narrowing: readonly string[] = ['where', 'orderBy']

/** Every root field of the schema, as an operation whose values are chosen by `valueOf`. */
export function everyOperation(schema: GraphQLSchema, valueOf: ValueOf): readonly Operation[] {
  const roots = [
    ['query', schema.getQueryType()],
    ['mutation', schema.getMutationType()],
    ['subscription', schema.getSubscriptionType()],
  ] as const
  return roots.flatMap(([kind, type]) =>
    Object.values(type?.getFields() ?? {}).map((field) => operation(kind, field, valueOf)),
  )
}

function operation(
  kind: Operation['kind'],
  field: GraphQLField<unknown, unknown>,
  valueOf: ValueOf,
): Operation {
  const variables: Record<string, unknown> = {}
  for (const argument of field.args) {
    if (narrowing.includes(argument.name)) continue
    const value = inputValue(argument.type, [field.name, argument.name], valueOf)
    if (value !== undefined) variables[argument.name] = value
  }
  const given = field.args.filter(({ name }) => name in variables)
  const declared = given.map(({ name, type }) => `$${name}: ${String(type)}`).join(', ')
  const passed = given.map(({ name }) => `${name}: $${name}`).join(', ')
  const head = declared === '' ? kind : `${kind} (${declared})`
  const call = passed === '' ? field.name : `${field.name}(${passed})`
  return {
    kind,
    field: field.name,
    document: `${head} { ${call} ${selection(field.type, maxDepth)} }`,
    variables,
  }
}

function inputValue(type: GraphQLInputType, path: readonly string[], valueOf: ValueOf): unknown {
  if (isNonNullType(type)) {
    return inputValue(type.ofType, path, valueOf) ?? fallback(type.ofType)
  }
  if (isListType(type)) {
    const item = inputValue(type.ofType, path, valueOf)
    return item === undefined ? undefined : [item]
  }
  if (isInputObjectType(type)) {
    const fields: Record<string, unknown> = {}
    for (const field of Object.values(type.getFields())) {
      const value = inputValue(field.type, [...path, field.name], valueOf)
      if (value !== undefined) fields[field.name] = value
    }
    return fields
  }
  return valueOf(path, getNamedType(type).name)
}

function fallback(type: GraphQLInputType): unknown {
  if (isListType(type)) return []
  if (isEnumType(type)) return type.getValues()[0]?.name
  const values: Record<string, unknown> = {
    Int: 1,
    Float: 1,
    Boolean: true,
    String: 'text',
    ID: 'none',
    JSON: {},
    DateTime: '2020-01-01T00:00:00.000Z',
  }
  return values[getNamedType(type).name]
}

/** Every leaf, and every object that needs no arguments, down to `depth`. */
function selection(type: GraphQLOutputType, depth: number): string {
  const named = getNamedType(type)
  if (isLeafType(named)) return ''
  if (isUnionType(named)) {
    const parts = named
      .getTypes()
      .map((member) => `... on ${member.name} ${fieldsOf(member, depth)}`)
    return `{ __typename ${parts.join(' ')} }`
  }
  return isObjectType(named) ? fieldsOf(named, depth) : '{ __typename }'
}

/** The name of an object type, and every field of it that can be asked for. */
export function selectionOf(type: GraphQLObjectType): string {
  return `${type.name} ${fieldsOf(type, maxDepth)}`
}

function fieldsOf(type: GraphQLObjectType, depth: number): string {
  const fields = Object.values(type.getFields()).filter((field) => {
    if (field.args.some((argument) => isNonNullType(argument.type))) return false
    return depth > 1 || isLeafType(getNamedType(field.type))
  })
  return `{ __typename ${fields.map((field) => `${field.name} ${selection(field.type, depth - 1)}`).join(' ')} }`
}
