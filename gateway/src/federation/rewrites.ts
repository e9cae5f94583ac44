import type { FetchDataRewrite } from '@apollo/query-planner'
import { isAbstractType, isInterfaceType, isObjectType, type GraphQLSchema } from 'graphql'
import { getOwn, isObject, setOwn, type Json, type JsonObject } from './json.js'

const fragmentPrefix = '... on '

/**
 * Applies what the planner asks for before representations are sent and after answers arrive:
 * set a value (a __typename that the subgraph knows by another name), or rename a key (a field
 * that had to be aliased on the way).
 */
export function applyRewrites(
  schema: GraphQLSchema,
  rewrites: readonly FetchDataRewrite[] | undefined,
  value: Json,
): void {
  for (const rewrite of rewrites ?? []) {
    const field = rewrite.path.at(-1)
    if (field === undefined) continue
    for (const object of objectsAt(schema, value, rewrite.path.slice(0, -1))) {
      if (rewrite.kind === 'ValueSetter') {
        setOwn(object, field, rewrite.setValueTo as Json)
        continue
      }
      const present = getOwn(object, field)
      if (present === undefined || present === null) continue
      setOwn(object, rewrite.renameKeyTo, present)
      delete object[field]
    }
  }
}

function objectsAt(
  schema: GraphQLSchema,
  value: Json | undefined,
  path: readonly string[],
): readonly JsonObject[] {
  if (Array.isArray(value)) return value.flatMap((item: Json) => objectsAt(schema, item, path))
  if (!isObject(value)) return []
  const [first, ...rest] = path
  if (first === undefined) return [value]
  if (!first.startsWith(fragmentPrefix)) return objectsAt(schema, getOwn(value, first), rest)
  const typeName = first.slice(fragmentPrefix.length)
  return isOfType(schema, value, typeName, true) ? objectsAt(schema, value, rest) : []
}

/** Whether an object is of a type, by its __typename; `otherwise` when it does not carry one. */
export function isOfType(
  schema: GraphQLSchema,
  value: JsonObject,
  typeName: string,
  otherwise: boolean,
): boolean {
  const actualName = getOwn(value, '__typename')
  if (typeof actualName !== 'string') return otherwise
  if (actualName === typeName) return true
  const actual = schema.getType(actualName)
  const wanted = schema.getType(typeName)
  if (!isAbstractType(wanted) || !(isObjectType(actual) || isInterfaceType(actual))) return false
  return schema.isSubType(wanted, actual)
}
