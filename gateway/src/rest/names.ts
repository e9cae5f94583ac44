import {
  getNamedType,
  getNullableType,
  isInputObjectType,
  isListType,
  isObjectType,
  isRequiredArgument,
  isUnionType,
  type GraphQLField,
  type GraphQLInputObjectType,
  type GraphQLObjectType,
  type GraphQLOutputType,
} from 'graphql'

export type Field = GraphQLField<unknown, unknown>

/** mediaAssets becomes media-assets, as addresses are written. */
export function kebab(name: string): string {
  return name.replace(
    /[A-Z]/g,
    (letter, at: number) => `${at > 0 ? '-' : ''}${letter.toLowerCase()}`,
  )
}

/** What the nodes of a Relay connection are; undefined for what is no connection. */
export function nodeTypeOf(type: GraphQLOutputType): GraphQLObjectType | undefined {
  const named = getNamedType(type)
  if (!isObjectType(named)) return undefined
  const { nodes, pageInfo } = named.getFields()
  if (nodes === undefined || pageInfo === undefined) return undefined
  const node = getNamedType(nodes.type)
  return isObjectType(node) ? node : undefined
}

/** Whether it can be asked for without arguments. */
export function isPlain(field: Field): boolean {
  return !field.args.some(isRequiredArgument)
}

export function inputOf(field: Field): GraphQLInputObjectType | undefined {
  const [only, ...others] = field.args
  const named = only === undefined ? undefined : getNamedType(only.type)
  const isInput = only?.name === 'input' && others.length === 0 && isInputObjectType(named)
  return isInput ? named : undefined
}

/** Of the results that a mutation can have, those that mean that nothing was done. */
export function outcomesOf(type: GraphQLOutputType): readonly GraphQLObjectType[] {
  const named = getNamedType(type)
  return isUnionType(named) ? named.getTypes().filter(isRefusal) : []
}

/** The result that a mutation has when it was done. */
export function payloadOf(type: GraphQLOutputType): GraphQLObjectType | undefined {
  const named = getNamedType(type)
  if (isObjectType(named)) return named
  return isUnionType(named) ? named.getTypes().find((member) => !isRefusal(member)) : undefined
}

/** A payload of one thing alone stands for that thing. */
export function contentOf(payload: GraphQLObjectType): Field | undefined {
  const [only, ...others] = Object.values(payload.getFields())
  if (only === undefined || others.length > 0 || isListType(getNullableType(only.type))) {
    return undefined
  }
  return isObjectType(getNamedType(only.type)) ? only : undefined
}

function isRefusal(type: GraphQLObjectType): boolean {
  return 'message' in type.getFields()
}
